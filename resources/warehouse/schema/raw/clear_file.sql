-- Deletes a file's rows and findings so that it lands again, in the transaction that lands it or
-- by the next build.
create or replace function raw.clear_file(p_file_id uuid, p_run_id text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
    kept bigint;
begin
    perform 1 from ops.received_file where file_id = p_file_id for update;
    insert into ops.replay (file_id, run_id, rows_before, checksum_before)
    select p_file_id, p_run_id, s.row_count, s.checksum from raw.file_state(p_file_id) as s
    returning replay_id into kept;
    for one in select table_name from information_schema.columns
               where table_schema = 'raw' and column_name = 'file_id' loop
        execute format('delete from raw.%I where file_id = $1', one.table_name) using p_file_id;
    end loop;
    delete from ops.exception where file_id = p_file_id and origin = 'parsing';
    update ops.received_file set landed_at = null, outcome = 'archived', reason_code = null
    where file_id = p_file_id;
    return kept;
end $$;
