-- One row per version of the policy and delegation: whose power somebody else used, and when.
select
    policy_id, delegation_id, from_login, to_login,
    array_to_string(approval_classes, ' ') as approval_classes, effective_from, effective_to
from ledger.policy_delegation
order by policy_id, delegation_id
