-- The accounts whose ERP balance is compared with ours. The ERP has others, which patient
-- billing does not keep. Before our first month only the opening list is compared.
create or replace view ledger.compared_account as
select entity.entity_code, known.account
from ops.entity as entity cross join ledger.account as known
where known.reaches_erp and (
    exists (select from ledger.carry where carry.entity_code = entity.entity_code)
    or (known.account in (select account from ledger.opening_kind) and exists (
        select from ledger.opening_line as line
        join ledger.opening_state as list using (list_id)
        where line.entity_code = entity.entity_code and list.state = 'approved')));
