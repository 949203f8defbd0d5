-- The hash of an audit row, which carries the hash of the row before it.
create or replace function ledger.audit_hash(
    prev_hash text, seq bigint, at timestamptz, actor text, action text, entry_id bigint,
    from_state text, to_state text, detail jsonb, authenticated text
) returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), prev_hash, seq::text,
        to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), actor, action,
        coalesce(entry_id::text, ''), coalesce(from_state, ''), coalesce(to_state, ''),
        detail::text, authenticated), 'UTF8')), 'hex')
$$;
