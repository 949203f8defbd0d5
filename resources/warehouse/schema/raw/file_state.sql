-- The number of a file's rows in all raw tables, and a checksum that does not depend on their
-- order.
create or replace function raw.file_state(p_file_id uuid, out row_count bigint, out checksum text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
    counted bigint;
    summed text;
    whole text := '';
begin
    row_count := 0;
    for one in select table_name from information_schema.columns
               where table_schema = 'raw' and column_name = 'file_id' order by table_name loop
        execute format('select count(*),'
                       ' coalesce(md5(string_agg(t::text, %L order by t::text)), '''')'
                       ' from raw.%I as t where file_id = $1', E'\n', one.table_name)
            into counted, summed using p_file_id;
        row_count := row_count + counted;
        whole := whole || one.table_name || summed;
    end loop;
    checksum := md5(whole);
end $$;
