-- The rows that a certificate would have now: each expected check, and each
-- result; of several results of a check one that failed.
create or replace function ops.live_certificate(p_build_id text)
returns table (
    check_id text, kind text, severity text, blocking boolean, status text,
    left_amount numeric, right_amount numeric, difference numeric, failing_count bigint
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select
        check_id,
        coalesce(found.kind, expected.kind),
        coalesce(expected.severity, found.severity),
        coalesce(expected.is_blocking, found.is_blocking),
        case when found.has_passed then 'passed'
             when found.has_passed is null then 'missing' else 'failed' end,
        found.left_amount, found.right_amount, found.difference, found.failing_count
    from ops.expected_check as expected
    full join (
        select distinct on (check_id) * from ops.check_result where build_id = p_build_id
        order by check_id, has_passed, result_id desc) as found using (check_id)
$$;
