-- One row per posted entry of the pack that the seed drew, by rank.
select
    entry.entry_id, entry.content_hash, entry.entity_code, entry.entry_no, entry.accounting_date,
    entry.approval_class, entry.line_count, entry.gross_amount, document.document_number
from ledger.entry as entry
left join ledger.erp_document as document using (entry_id)
where entry.state = 'posted' and entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by entry.entry_id
