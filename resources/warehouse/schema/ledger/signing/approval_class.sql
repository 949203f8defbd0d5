-- The approval classes of the newest policy version.
create or replace view ledger.approval_class as
select approval_class, basis, signatures, includes_role
from ledger.policy_class where policy_id = (select max(policy_id) from ledger.policy);
