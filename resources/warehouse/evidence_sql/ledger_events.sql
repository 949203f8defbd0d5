-- One row per event behind a line of the pack, as it was copied at proposal; keys are opaque.
select
    event.entry_id, event.line_no, event.line_id, event.event_id, event.event, event.rule,
    event.rule_version, event.account, event.signed_amount, event.entity_code,
    event.facility_code, event.payer_class, event.claim_key, event.account_key, event.control_key,
    event.original_date, event.evidence_hash, event.file_id, event.segment, event.known_at
from ledger.entry_event as event
inner join ledger.entry as entry using (entry_id)
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by event.entry_id, event.line_no, event.line_id collate "C", event.signed_amount
