-- Completes a replay with the file's rows as they are now; tells whether they changed.
create or replace function ops.close_replay(p_replay_id bigint) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update ops.replay as r set rows_after = s.row_count, checksum_after = s.checksum
    from raw.file_state((select file_id from ops.replay where replay_id = p_replay_id)) as s
    where r.replay_id = p_replay_id and r.checksum_after is null
    returning r.checksum_before is distinct from r.checksum_after;
$$;
