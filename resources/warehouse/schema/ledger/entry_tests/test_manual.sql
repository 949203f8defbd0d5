-- Audit test: entries made on request, not by evidence. Events of such requests begin with a
-- prefix.
create or replace function ledger.test_manual(p_prefixes text[])
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id, entry.gross_amount,
           'events ' || string_agg(distinct event.event, ' ' order by event.event)
    from ledger.tested_entry as entry join ledger.entry_event as event using (entry_id)
    where exists (select from unnest(p_prefixes) as prefix
                  where starts_with(event.event, prefix))
    group by entry.entry_id, entry.gross_amount order by entry.entry_id
$$;
