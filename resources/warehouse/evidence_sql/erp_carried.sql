-- One row per entity and account: what the ERP held before our first month, read once; debit
-- positive.
select entity_code, account, balance_amount, last_day, read_at
from ledger.carried_balance inner join ledger.carry using (entity_code)
where entity_code = any(%(entities)s)
order by entity_code, account
