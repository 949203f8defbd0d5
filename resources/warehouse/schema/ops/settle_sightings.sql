-- Brings exceptions in step with a check of a source that began at a moment. `p_code` is why it did
-- not come to its end: then what waited before still waits.
create or replace function ops.settle_sightings(
    p_source text, p_begun timestamptz, p_now timestamptz, p_code text, p_message text
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if p_code is null then
        -- What was there and waited, and is not there any more under any size: nobody took it.
        update ops.file_sighting as seen set outcome = 'failed', reason_code = 'VANISHED'
        where seen.source = p_source and seen.seen_at < p_begun
          and seen.reason_code in ('STILL_CHANGING', 'INCOMPLETE', 'READ_BROKE_OFF',
              'NOT_READABLE', 'TOO_LARGE')
          and seen.outcome in ('waiting', 'failed')
          and not exists (
            select from ops.file_sighting as later where later.source = seen.source
              and (later.location, later.name) = (seen.location, seen.name)
              and later.seen_at > seen.seen_at)
          and seen.sighting_id not in (select sighting_id from ops.settled_sighting);
    end if;
    insert into ops.exception as held (exception_id, sighting_id, source, record_kind, code,
        severity, rule, message, origin, opened_at)
    select md5('sighting|' || seen.sighting_id || '|' || seen.reason_code), seen.sighting_id,
           seen.source, 'file', seen.reason_code, 'error', coalesce(known.rule, 'a file is taken'),
           coalesce(known.message, 'the file waits'), 'receiving', seen.first_seen_at
    from ops.file_sighting as seen
    left join ops.reason_code as known on known.code = seen.reason_code
    where seen.source = p_source and seen.outcome in ('waiting', 'failed')
      and (seen.seen_at >= p_begun or seen.reason_code = 'VANISHED')
      and seen.sighting_id not in (select sighting_id from ops.settled_sighting)
    on conflict (exception_id) do update set closed_at = null, closed_reason = null
    where held.closed_at is not null;
    -- After a check that came to its end, what it did not report is over.
    update ops.exception as held set closed_at = p_now, closed_reason = 'the file is settled'
    from ops.file_sighting as seen
    where held.sighting_id = seen.sighting_id and held.closed_at is null and seen.source = p_source
      and ((p_code is null and seen.seen_at < p_begun
            and seen.reason_code is distinct from 'VANISHED')
           or held.code is distinct from seen.reason_code
           or seen.sighting_id in (select sighting_id from ops.settled_sighting));
    perform ops.settle_source(p_source, p_now, p_code, p_message);
end $$;
