-- Audit test: entries with lines of round amounts from a minimum on.
create or replace function ledger.test_round_amount(p_unit numeric, p_minimum numeric)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id, entry.gross_amount,
           count(*) || ' lines, the largest ' || max(line.debit_amount + line.credit_amount)
    from ledger.tested_entry as entry join ledger.entry_line as line using (entry_id)
    where line.debit_amount + line.credit_amount >= p_minimum
      and (line.debit_amount + line.credit_amount) % p_unit = 0
    group by entry.entry_id, entry.gross_amount order by entry.entry_id
$$;
