-- One row per received file that was received in the period or is behind an event of the pack.
with evidence as (
    select distinct event.file_id
    from ledger.entry_event as event
    inner join ledger.entry as entry using (entry_id)
    where entry.entity_code = any(%(entities)s)
        and entry.accounting_date between %(first)s and %(last)s
)

select
    file.file_id, file.sha256, file.source, file.kind, file.size_bytes, file.received_at,
    file.landed_at, file.outcome, file.record_count, file.segment_count, file.is_reserialised,
    file.reason_code, file.name, evidence.file_id is not null as is_evidence
from ops.received_file as file
left join evidence using (file_id)
where evidence.file_id is not null
    or (file.received_at at time zone 'UTC')::date between %(first)s and %(last)s
order by file.sha256
