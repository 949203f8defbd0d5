-- The hash of the checks that every build must report now.
create or replace function ops.expected_hash() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', check_id, kind, severity,
        is_blocking), E'\n' order by check_id collate "C"), ''), 'UTF8')), 'hex')
    from ops.expected_check
$$;
