-- One row per line that somebody else entered in the ERP on an account of ours: explained or not.
select
    foreign_line_id, entity_code, erp, document_ref, account, accounting_date,
    amount as foreign_amount, code, state, found_at, gone_at, judged_by, judged_at
from ledger.foreign_state
where entity_code = any(%(entities)s)
order by foreign_line_id
