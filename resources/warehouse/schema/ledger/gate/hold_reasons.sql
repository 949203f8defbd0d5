-- The reasons that hold one entry, in the order of their code.
create or replace function ledger.hold_reasons(
    p_entry_id bigint
) returns table (code text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select code, detail from ledger.hold where entry_id = p_entry_id order by code, detail
$$;
