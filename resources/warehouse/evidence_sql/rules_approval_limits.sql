-- One row per limit of the newest policy, in US dollars; nothing is no limit.
select
    limit_id, role, person, array_to_string(approval_classes, ' ') as approval_classes,
    effective_from, effective_to, event_amount as event_limit, entry_amount as entry_limit,
    account_day_amount as account_day_limit
from ledger.approval_limit
order by limit_id
