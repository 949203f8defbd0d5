-- Replay: a file is read again from the archive and its rows are replaced, in one transaction, when
-- they come out differently. Each replacement is kept with what was there before and after.
create table ops.replay (
    replay_id bigint generated always as identity primary key,
    file_id uuid not null references ops.received_file,
    run_id text not null,
    actor text not null default session_user,
    replayed_at timestamptz not null default clock_timestamp(),
    rows_before bigint not null,
    checksum_before text not null,
    rows_after bigint,
    checksum_after text
);
create index on ops.replay (file_id);

-- Rows of a file in all raw tables, and a checksum of them that their order does not change.
create function raw.file_state(p_file_id uuid, out row_count bigint, out checksum text)
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
        execute format('select count(*), coalesce(md5(string_agg(t::text, %L order by t::text)), '''')'
                       ' from raw.%I as t where file_id = $1', E'\n', one.table_name)
            into counted, summed using p_file_id;
        row_count := row_count + counted;
        whole := whole || one.table_name || summed;
    end loop;
    checksum := md5(whole);
end $$;

-- Take a file's rows and findings away so that it can be landed anew; only within a transaction
-- that lands it, or the next build does.
create function raw.clear_file(p_file_id uuid, p_run_id text) returns bigint
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

create function ops.close_replay(p_replay_id bigint) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update ops.replay as r set rows_after = s.row_count, checksum_after = s.checksum
    from raw.file_state((select file_id from ops.replay where replay_id = p_replay_id)) as s
    where r.replay_id = p_replay_id and r.checksum_after is null
    returning r.checksum_before is distinct from r.checksum_after;
$$;

revoke all on function raw.file_state(uuid), raw.clear_file(uuid, text), ops.close_replay(bigint)
    from public;
grant execute on function raw.clear_file(uuid, text), ops.close_replay(bigint)
    to :prefix_ingest;
grant select on ops.replay to
    :prefix_ingest, :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster,
    :prefix_auditor;

-- What landed since the newest good build is asked for every few seconds.
create index on ops.received_file (landed_at);
create index on ops.replay (replayed_at);
