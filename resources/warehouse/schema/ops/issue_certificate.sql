-- Issues the certificate of a build once: its rows are fixed, and it passes when every blocking
-- check passed. It carries the hash of the expected checks and the digest of the desired lines.
create or replace function ops.issue_certificate(p_build_id text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    is_passing boolean;
    expected constant text := ops.expected_hash();
    lines constant text := ledger.desired_digest_of_all();
begin
    perform from ops.build where build_id = p_build_id for update;
    if not found then
        raise exception 'TIEOUT NO_BUILD: this build was never opened';
    end if;
    select passes into is_passing from ops.certificate where build_id = p_build_id;
    if found then
        return is_passing;
    end if;
    perform ops.check_deployed(p_build_id);
    insert into ops.certificate_row
    select p_build_id, live.* from ops.live_certificate(p_build_id) as live;
    insert into ops.certificate
        (build_id, passes, check_count, failed_count, missing_count, expected_count, expected_hash,
         lines_digest, content_hash)
    select
        p_build_id,
        -- A certificate over nothing certifies nothing.
        count(*) > 0 and count(*) filter (where blocking and severity = 'error'
            and status <> 'passed') = 0,
        count(*), count(*) filter (where status = 'failed'),
        count(*) filter (where status = 'missing'),
        (select count(*) from ops.expected_check), expected, lines,
        ops.certificate_hash(p_build_id, expected, lines)
    from ops.certificate_row where build_id = p_build_id
    returning passes into is_passing;
    return is_passing;
end $$;
