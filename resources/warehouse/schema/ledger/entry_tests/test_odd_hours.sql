-- Audit test: entries signed at night or on weekends. Weekdays by ISO: 1 is Monday, 7 is Sunday;
-- the night runs from one local time to the other.
create or replace function ledger.test_odd_hours(
    p_time_zone text, p_weekdays integer[], p_night_from time, p_night_until time
) returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry_id, gross_amount,
           'proposed ' || to_char(local_at, 'Dy YYYY-MM-DD HH24:MI') || ' by ' || proposed_by
    from (select entry.*, entry.proposed_at at time zone p_time_zone as local_at
          from ledger.tested_entry as entry) as entry
    where extract(isodow from local_at)::integer = any(p_weekdays)
       or case when p_night_from > p_night_until
               then local_at::time >= p_night_from or local_at::time < p_night_until
               else local_at::time >= p_night_from and local_at::time < p_night_until end
    order by entry_id
$$;
