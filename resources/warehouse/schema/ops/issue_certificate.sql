-- Issues the certificate of a build once: its rows are fixed, and it passes when every blocking
-- check passed.
create or replace function ops.issue_certificate(p_build_id text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    is_passing boolean;
begin
    perform from ops.build where build_id = p_build_id for update;
    if not found then
        raise exception 'TIEOUT NO_BUILD: this build was never opened';
    end if;
    select passes into is_passing from ops.certificate where build_id = p_build_id;
    if found then
        return is_passing;
    end if;
    insert into ops.certificate_row
    select p_build_id, live.* from ops.live_certificate(p_build_id) as live;
    insert into ops.certificate
        (build_id, passes, check_count, failed_count, missing_count, content_hash)
    select
        p_build_id,
        -- A certificate over nothing certifies nothing.
        count(*) > 0 and count(*) filter (where blocking and severity = 'error'
            and status <> 'passed') = 0,
        count(*), count(*) filter (where status = 'failed'),
        count(*) filter (where status = 'missing'),
        encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', check_id, severity, blocking,
            status, left_amount, right_amount, difference, failing_count), E'\n'
            order by check_id collate "C"), ''), 'UTF8')), 'hex')
    from ops.certificate_row where build_id = p_build_id
    returning passes into is_passing;
    return is_passing;
end $$;
