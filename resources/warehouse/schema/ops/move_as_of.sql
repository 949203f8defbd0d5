-- Moves the as-of date forward to a date that is not in the future; returns it.
create or replace function ops.move_as_of(p_build_id text, p_to date) returns date
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    today constant date := (clock_timestamp() at time zone 'UTC')::date;
    moved date;
begin
    -- A date of the future is a mistake of its file: the record waits, the books stay.
    update ops.installation set as_of_date = p_to, updated_at = clock_timestamp()
    where as_of_date < p_to and p_to <= today;
    select as_of_date into moved from ops.installation;
    update ops.build set as_of_date = moved where build_id = p_build_id and status = 'running';
    return moved;
end $$;
