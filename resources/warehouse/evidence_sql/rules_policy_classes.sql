-- One row per version of the policy and approval class: who signs, and how many.
select policy_id, approval_class, basis, signatures, includes_role
from ledger.policy_class
order by policy_id, approval_class
