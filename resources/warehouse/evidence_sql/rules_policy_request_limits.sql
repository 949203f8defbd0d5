-- One row per limit on deciding requests, of every version of the policy.
select
    allowed.policy_id, allowed.limit_id, allowed.role,
    array_to_string(allowed.events, ' ') as events,
    allowed.amount as account_limit, allowed.day_amount as day_limit, part.days,
    part.other_tender_role, part.manual_class, part.manual_above as manual_limit,
    part.manual_class_above, array_to_string(part.reason_codes, ' ') as reason_codes
from ledger.policy_request_limit as allowed
inner join ledger.policy_request as part using (policy_id)
order by allowed.policy_id, allowed.limit_id collate "C"
