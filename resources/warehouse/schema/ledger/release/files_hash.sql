-- The hash of a rule set from its files: one line per file, path and hash, ordered by path.
create or replace function ledger.files_hash(p_files jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(coalesce(string_agg(
        file.key || ' ' || file.value, chr(10) order by file.key collate "C"), ''), 'UTF8')), 'hex')
    from jsonb_each_text(p_files) as file
$$;
