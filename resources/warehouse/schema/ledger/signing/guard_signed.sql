-- An entry becomes approved only when the right logins signed it.
create or replace function ledger.guard_signed() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    lacking text := ledger.missing_role(old.entry_id);
begin
    if lacking is not null then
        raise exception 'TIEOUT UNSIGNED: entry % lacks the signature of a %',
            old.entry_id, lacking;
    end if;
    return new;
end $$;
