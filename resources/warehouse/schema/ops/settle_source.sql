-- Keeps the one exception of a source that cannot be used in step with its newest check.
create or replace function ops.settle_source(
    p_source text, p_now timestamptz, p_code text, p_message text
) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    update ops.exception set closed_at = p_now, closed_reason = 'the source was checked again'
    where origin = 'receiving' and record_kind = 'source' and source = p_source
      and closed_at is null and code is distinct from p_code;
    insert into ops.exception as held (exception_id, source, record_kind, code, severity, rule,
        message, origin, opened_at)
    select md5('source|' || p_source || '|' || p_code), p_source, 'source', p_code, 'error',
           coalesce((select rule from ops.reason_code where code = p_code),
                    'a source can be used'),
           p_message, 'receiving', p_now
    where p_code is not null
    on conflict (exception_id) do update set closed_at = null, closed_reason = null,
        message = excluded.message,
        opened_at = case when held.closed_at is null then held.opened_at
                         else excluded.opened_at end
$$;
