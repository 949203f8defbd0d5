-- The login that authenticated, which `set session authorization` and `set role` do not change.
-- PostgreSQL 16 and later tell it; before that, and where the server asks for no password, null.
create or replace function ledger.authenticated() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    found text;
begin
    if current_setting('server_version_num')::integer >= 160000 then
        execute 'select system_user' into found;
    end if;
    return found;
end $$;
