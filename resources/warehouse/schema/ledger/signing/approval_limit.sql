-- The approval limits of the newest policy version.
create or replace view ledger.approval_limit as
select limit_id, role, person, approval_classes, effective_from, effective_to, event_amount,
       entry_amount, account_day_amount
from ledger.policy_limit where policy_id = (select max(policy_id) from ledger.policy);
