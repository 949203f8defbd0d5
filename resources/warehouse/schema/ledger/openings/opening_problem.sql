-- Why an opening list may not be approved; null when nothing prevents it.
create or replace function ledger.opening_problem(p_list_id bigint) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select min(problem) from (
        select 'DIFFERS: ' || entity_code || '/' || account || ' of the list is '
               || difference_amount || ' off what the ERP held' as problem
        from ledger.opening_tie where list_id = p_list_id and difference_amount <> 0
        union all
        select 'DIFFERS: what the ERP held on ' || entity_code || '/' || account || ' is not said'
        from ledger.opening_tie where list_id = p_list_id and stated_amount is null
        union all
        select 'TWICE: ' || line.entity_code || ' has opening balances already'
        from ledger.opening_line as line
        join ledger.opening_line as other using (entity_code)
        join ledger.opening_state as state on state.list_id = other.list_id
        where line.list_id = p_list_id and other.list_id <> p_list_id
          and state.state = 'approved'
        union all
        -- What is in the ERP by the end of the cut-over month is the stated balance, not ours.
        select 'OVERLAP: ' || line.entity_code || ' has entries by the end of the cut-over month'
        from ledger.opening_line as line
        join ledger.entry as entry using (entity_code)
        where line.list_id = p_list_id and ledger.is_recorded(entry.state)
          and entry.accounting_date < date_trunc('month', line.cutover_date) + interval '1 month'
    ) as found
$$;
