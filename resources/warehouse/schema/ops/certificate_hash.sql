-- The hash of a certificate: its rows, the checks that were expected and the lines that it speaks
-- of. `billing/evidence/verify_signatures.py` computes the same.
create or replace function ops.certificate_hash(
    p_build_id text, p_expected_hash text, p_lines_digest text
) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(E'\n', string_agg(concat_ws('|', check_id, severity,
        blocking, status, left_amount, right_amount, difference, failing_count), E'\n'
        order by check_id collate "C"), p_expected_hash, p_lines_digest), 'UTF8')), 'hex')
    from ops.certificate_row where build_id = p_build_id
$$;
