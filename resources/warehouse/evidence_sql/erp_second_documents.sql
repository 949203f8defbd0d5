-- One row per further ERP document that was found beside the one of an entry of the pack.
select second.entry_id, second.erp, second.document_ref, second.found_at
from ledger.second_document as second
inner join ledger.entry as entry using (entry_id)
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by second.entry_id, second.erp, second.document_ref
