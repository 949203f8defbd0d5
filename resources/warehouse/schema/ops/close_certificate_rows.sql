-- The certificate of the newest build that has a result of an expected check.
create or replace function ops.close_certificate_rows()
returns table (
    build_id text, as_of_date date, check_id text, kind text, severity text, blocking boolean,
    status text, left_amount numeric, right_amount numeric, difference numeric,
    failing_count bigint
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select newest.build_id, newest.as_of_date, row.*
    from (
        select build.build_id, build.as_of_date from ops.build as build
        where exists (
            select from ops.check_result as result join ops.expected_check using (check_id)
            where result.build_id = build.build_id)
        order by build.started_at desc, build.build_id desc limit 1
    ) as newest
    cross join lateral ops.close_certificate(newest.build_id) as row
$$;
