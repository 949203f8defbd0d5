-- Adds entries that become recorded to the digests, and subtracts those that are recorded no
-- longer.
create or replace function ledger.keep_recorded() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    sign integer;
    moved bigint[];
begin
    foreach sign in array array[1, -1] loop
        select array_agg(step.entry_id order by step.entry_id) into moved
        from (
            select states.entry_id
            from (select replaced.entry_id, ledger.is_recorded(replaced.state) as was,
                         null::boolean as is_now
                  from replaced
                  union all
                  select added.entry_id, null, ledger.is_recorded(added.state) from added
                 ) as states
            group by states.entry_id
            having bool_or(states.was) = (sign = -1) and bool_or(states.is_now) = (sign = 1)
        ) as step;
        continue when moved is null;
        insert into ledger.recorded_digest as held
            (entity_code, original_date, slot, digest_high, digest_low)
        select entity_code, original_date, slot, sign * digest_high, sign * digest_low
        from ledger.recorded_sums(moved)
        on conflict (entity_code, original_date, slot) do update set
            digest_high = held.digest_high + excluded.digest_high,
            digest_low = held.digest_low + excluded.digest_low;
    end loop;
    return null;
end $$;
