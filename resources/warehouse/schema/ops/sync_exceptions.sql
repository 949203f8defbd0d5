-- Opens an exception for each record that the build left waiting, and closes those that are
-- gone.
create or replace function ops.sync_exceptions(p_build_id text)
returns table (opened integer, still_open integer, closed integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    perform from ops.build where build_id = p_build_id;
    if not found then
        raise exception 'TIEOUT NO_BUILD: this build was never opened';
    end if;
    update ops.exception as held set closed_at = clock_timestamp(),
        closed_reason = 'build ' || p_build_id || ' found nothing of it'
    where held.origin = 'build' and held.closed_at is null
      and held.exception_id not in (select exception_id from ops.build_exception);
    get diagnostics closed = row_count;
    select count(*) into still_open from ops.exception
    where origin = 'build' and closed_at is null;

    insert into ops.exception as held (exception_id, file_id, segment, source, record_kind, code,
        severity, rule, message, amount, entity_code, origin, opened_at)
    select exception_id, file_id, segment, coalesce(source, 'unknown'), record_kind,
           coalesce(reason_code, 'UNCLASSIFIED'), severity,
           coalesce(found.rule, known.rule, 'every record has an outcome'),
           coalesce(found.detail, known.message, 'the record waits'),
           amount, entity_code, 'build', clock_timestamp()
    from ops.build_exception as found left join ops.reason_code as known on known.code = reason_code
    on conflict (exception_id) do update set
        closed_at = null, closed_reason = null, amount = excluded.amount,
        entity_code = excluded.entity_code,
        rule = excluded.rule, message = excluded.message,
        opened_at = case when held.closed_at is null then held.opened_at
                         else excluded.opened_at end;
    select count(*) - still_open into opened from ops.exception
    where origin = 'build' and closed_at is null;
    return next;
end $$;
