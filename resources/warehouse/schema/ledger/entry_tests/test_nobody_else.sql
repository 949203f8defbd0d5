-- Audit test: entries on an account on which no other person acted before.
create or replace function ledger.test_nobody_else(p_minimum numeric)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with used as (
        select distinct person.entry_id, person.entity_code, person.proposed_at, person.person,
               line.account
        from ledger.entry_person as person join ledger.entry_line as line using (entry_id)
    ),
    alone as (
        select used.* from used
        where not exists (
            select from used as other
            where other.entity_code = used.entity_code and other.account = used.account
              and other.person <> used.person and other.proposed_at <= used.proposed_at)
    )
    select alone.entry_id, entry.gross_amount, alone.person || ' alone on '
        || string_agg(alone.account, ' ' order by alone.account)
    from alone join ledger.tested_entry as entry using (entry_id)
    where entry.gross_amount >= p_minimum
    group by alone.entry_id, entry.gross_amount, alone.person
    order by alone.entry_id, alone.person
$$;
