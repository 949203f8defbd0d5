-- What a build ran under never changes.
create or replace function ops.guard_build() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'TIEOUT IMMUTABLE: what a build ran under never changes';
end $$;
