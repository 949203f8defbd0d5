-- Tells whether the ledger recorded anything of the estimate of a cut-off.
create or replace function ledger.is_estimate_recorded(held ledger.model_run) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.entry_event as event join ledger.entry as entry using (entry_id)
        where event.entity_code = held.entity_code and event.rule = held.rule
          and event.control_key = 'estimate ' || held.cutoff_date
          and ledger.is_recorded(entry.state))
$$;
