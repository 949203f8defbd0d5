-- The name of a login in policy files: without the installation's prefix; a login without that
-- prefix begins with @.
create or replace function ledger.short_login(p_login name) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case when starts_with(p_login, ':prefix_') then substr(p_login, length(':prefix_') + 1)
                else '@' || p_login end
$$;
