-- What the maker of each entry moves on an account within 24 hours once this entry and those
-- before it in the list are signed: the largest account, by position in the list.
create or replace function ledger.running_days(p_entry_ids bigint[])
returns table (place bigint, entry_id bigint, account_day_amount numeric)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with moved as materialized (
        select listed.place, listed.entry_id, entry.proposed_by, entry.entity_code, line.account,
               sum(line.debit_amount + line.credit_amount) as amount
        from unnest(p_entry_ids) with ordinality as listed (entry_id, place)
        join ledger.entry as entry using (entry_id)
        join ledger.entry_line as line using (entry_id)
        group by listed.place, listed.entry_id, entry.proposed_by, entry.entity_code, line.account
    ),
    day as materialized (
        select proposed_by, entity_code, account,
               ledger.account_day(proposed_by, entity_code, account, p_entry_ids) as already
        from (select distinct proposed_by, entity_code, account from moved) as asked
    )
    select place, entry_id, max(amount) from (
        select moved.place, moved.entry_id, day.already + sum(moved.amount) over (
            partition by moved.proposed_by, moved.entity_code, moved.account
            order by moved.place) as amount
        from moved join day using (proposed_by, entity_code, account)) as running
    group by place, entry_id
$$;
