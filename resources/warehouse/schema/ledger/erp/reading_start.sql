-- Where the next reading begins: the first compared day, and half an hour before the newest
-- change that was read, for changes that took effect later than they are stamped. No instant
-- means that everything is read, as nothing was before, or not for a week.
create or replace function ledger.reading_start(p_entity text, p_erp text)
    returns table (first_day date, changed_from timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select own.first_day, last.newest_change - interval '30 minutes'
    from (select coalesce(
              (select last_day + 1 from ledger.carry where entity_code = p_entity),
              (select min(date_trunc('month', accounting_date))::date
               from ledger.entry where entity_code = p_entity)) as first_day) as own
    left join lateral (
        select reading.newest_change from ledger.foreign_read as reading
        where reading.entity_code = p_entity and reading.erp = p_erp
          and exists (
            select from ledger.foreign_read as complete
            where complete.entity_code = p_entity and complete.erp = p_erp
              and complete.is_complete and complete.since <= own.first_day
              and complete.newest_change is not null
              and complete.read_at > clock_timestamp() - interval '7 days')
        order by reading.read_id desc limit 1) as last on true
    where own.first_day is not null
$$;
