-- The certificate of a build: the issued rows, else the rows as they stand now.
create or replace function ops.close_certificate(p_build_id text)
returns table (
    check_id text, kind text, severity text, blocking boolean, status text,
    left_amount numeric, right_amount numeric, difference numeric, failing_count bigint
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with issued as (select * from ops.certificate_row where build_id = p_build_id),
    rows as (
        select check_id, kind, severity, blocking, status,
               left_amount, right_amount, difference, failing_count
        from issued
        union all
        select * from ops.live_certificate(p_build_id)
        where not exists (select from ops.certificate where build_id = p_build_id)
    )
    select * from rows
    order by (status = 'passed'), blocking desc, severity, kind, check_id
$$;
