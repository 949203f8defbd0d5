-- One row per line of an entry of the pack.
select
    line.entry_id, line.line_no, line.rule, line.account, line.facility_code, line.payer_class,
    line.original_period, line.debit_amount, line.credit_amount, line.correction_class
from ledger.entry_line as line
inner join ledger.entry as entry using (entry_id)
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by line.entry_id, line.line_no
