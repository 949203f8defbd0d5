-- One row per version of the policy, role and login that holds it.
select policy_id, role, login
from ledger.policy_role
order by policy_id, role, login
