-- One row per version of the approval policy that was ever in force; the newest one stands.
select
    policy_id, policy_version, delegation_days, soft_role, period_role, waiver_role, error_role,
    refused_tolerance, error_amount as error_limit, change_amount as change_limit, change_days, loaded_by, loaded_at
from ledger.policy
order by policy_id
