-- Audit test: entries in a period that was closed before (and reopened since), or days after its
-- end.
create or replace function ledger.test_posted_after_close(p_days integer)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id, entry.gross_amount, case
        when shut.at is not null then 'proposed after the period was closed on ' || shut.at::date
        else entry.as_of_date - period.period_end || ' days after the end of its period' end
    from ledger.tested_entry as entry
    join ledger.period as period
        on period.entity_code = entry.entity_code
        and entry.accounting_date between period.period_start and period.period_end
    left join lateral (
        select min(done.acted_at) as at from ledger.period_act as done
        where done.step = 'approve' and done.act = 'close'
          and (done.entity_code, done.period_start) = (entry.entity_code, period.period_start)
          and done.acted_at < entry.proposed_at
    ) as shut on true
    where shut.at is not null or entry.as_of_date - period.period_end > p_days
    order by entry.entry_id
$$;
