-- Audit test: entries on accounts that few entries of the entity use.
create or replace function ledger.test_rare_account(p_at_most integer)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with used as (
        select distinct entry.entity_code, line.account, entry.entry_id, entry.gross_amount
        from ledger.tested_entry as entry join ledger.entry_line as line using (entry_id)
    ),
    counted as (
        select used.*, count(*) over (partition by entity_code, account) as entries from used
    )
    select entry_id, gross_amount, string_agg(
        'account ' || account || ' in ' || entries || ' entries', ', ' order by account)
    from counted where entries <= p_at_most
    group by entry_id, gross_amount order by entry_id
$$;
