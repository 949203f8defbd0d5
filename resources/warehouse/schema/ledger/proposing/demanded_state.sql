-- Identifies the present desired lines without reading them: dbt writes a new file each time.
create or replace function ledger.demanded_state() returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select fact::text || ':' || pg_relation_filenode(fact)
    from (select to_regclass('marts.fct_ledger_line')::oid as fact) as asked
$$;
