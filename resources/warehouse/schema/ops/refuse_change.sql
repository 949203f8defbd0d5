-- Refuses to change or delete rows of a table that keeps history.
create or replace function ops.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'TIEOUT IMMUTABLE: % of %.% is refused', tg_op, tg_table_schema, tg_table_name;
end $$;
