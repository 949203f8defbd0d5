-- The number of signatures of one entry that count.
create or replace function ledger.signatures(p_entry_id bigint) returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
    select count(*) from ledger.counted_signature where entry_id = p_entry_id
$$;
