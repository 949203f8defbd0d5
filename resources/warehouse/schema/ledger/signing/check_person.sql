-- Refuses a session whose login does not act for a person.
create or replace function ledger.check_person() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    if ledger.basis_of(session_user) is distinct from 'person' then
        raise exception 'TIEOUT NOT_A_PERSON: % does not act for a person', session_user;
    end if;
end $$;
