-- The login that a session proved by its password, which `set session authorization` does not
-- change; null where the server does not say, or authenticates in another way.
create or replace function ledger.authenticated_login() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    proved text;
begin
    if current_setting('server_version_num')::integer >= 160000 then
        execute 'select system_user' into proved;
    end if;
    return substring(proved from '^(?:scram-sha-256|md5):(.*)$');
end $$;
