-- One row per line of an ERP document as read back. Its text is not given (people may type in the
-- ERP), only whether it is the one that was sent.
select
    theirs.entry_id, theirs.line_no, theirs.account, theirs.debit_amount, theirs.credit_amount,
    theirs.description is not distinct from concat_ws(
        ' ', ours.rule, to_char(ours.original_period, 'YYYY-MM'), ours.facility_code,
        ours.payer_class) as has_text_as_sent
from ledger.erp_document_line as theirs
inner join ledger.entry as entry using (entry_id)
left join ledger.entry_line as ours using (entry_id, line_no)
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by theirs.entry_id, theirs.line_no
