-- One row per receipt: a name under which something was seen in the period, or a listed file was.
with evidence as (
    select distinct event.file_id
    from ledger.entry_event as event
    inner join ledger.entry as entry using (entry_id)
    where entry.entity_code = any(%(entities)s)
        and entry.accounting_date between %(first)s and %(last)s
)

select
    seen.sighting_id, seen.file_id, seen.source, seen.size_bytes, seen.modified_at,
    seen.first_seen_at, seen.seen_at, seen.outcome, seen.reason_code, seen.name, seen.location
from ops.file_sighting as seen
left join ops.received_file as file using (file_id)
where seen.file_id in (select evidence.file_id from evidence)
    or (seen.seen_at at time zone 'UTC')::date between %(first)s and %(last)s
    or (file.received_at at time zone 'UTC')::date between %(first)s and %(last)s
order by seen.sighting_id
