-- One row per entity and account: the balance that the ERP reported last, debit positive.
select entity_code, account, balance_amount, as_of_date, read_at
from ledger.erp_balance
where entity_code = any(%(entities)s)
order by entity_code, account
