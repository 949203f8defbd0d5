-- What a receipt says of its bytes never changes; only what became of them does.
create or replace function ops.guard_received_file() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (new.file_id, new.sha256, new.source, new.name, new.size_bytes, new.received_at)
        is distinct from
        (old.file_id, old.sha256, old.source, old.name, old.size_bytes, old.received_at) then
        raise exception 'TIEOUT IMMUTABLE: a receipt keeps its bytes, source and name';
    end if;
    return new;
end $$;
