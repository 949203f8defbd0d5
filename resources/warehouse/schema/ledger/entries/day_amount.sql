-- The largest 24 hours of an account that an entry touches, the entry included.
create or replace function ledger.day_amount(p_entry_id bigint) returns numeric
language sql stable set search_path = pg_catalog, pg_temp as $$
    select max(line.amount + ledger.account_day(entry.proposed_by, entry.entity_code,
                   line.account, array[p_entry_id]))
    from ledger.entry as entry cross join lateral (
        select account, sum(debit_amount + credit_amount) as amount
        from ledger.entry_line where entry_id = entry.entry_id group by account) as line
    where entry.entry_id = p_entry_id
$$;
