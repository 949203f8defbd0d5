-- One row per ERP document of an entry of the pack, as read back last.
select
    document.entry_id, document.erp, document.document_ref, document.document_number,
    document.state, document.posted_on, document.read_at, document.matches
from ledger.erp_document as document
inner join ledger.entry as entry using (entry_id)
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by document.entry_id
