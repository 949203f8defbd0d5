-- Keeps the fingerprint of the hash key, or refuses another key than the one that is kept.
create or replace function ops.keep_hash_key(p_fingerprint text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    update ops.installation set hash_key_fingerprint = p_fingerprint
    where hash_key_fingerprint is distinct from p_fingerprint
$$;
