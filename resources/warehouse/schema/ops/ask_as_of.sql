-- Takes the as-of date that the administrator's command names, at set-up and later. The same date
-- asked for again leaves a date alone that evidence has moved on.
create or replace function ops.ask_as_of(p_day date) returns date
language sql set search_path = pg_catalog, pg_temp as $$
    update ops.installation set updated_at = clock_timestamp(), asked_as_of_date = p_day,
        as_of_date = case when asked_as_of_date = p_day then greatest(as_of_date, p_day)
                          else p_day end
    returning as_of_date
$$;
