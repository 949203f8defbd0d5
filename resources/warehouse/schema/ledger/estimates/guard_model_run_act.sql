-- A run is withdrawn by a person, once, and never after the ledger recorded it.
create or replace function ledger.guard_model_run_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.model_run;
begin
    perform ledger.check_text(new.reason, 'the reason');
    select * into held from ledger.model_run where run_id = new.run_id for update;
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    if held.run_id is null then
        raise exception 'TIEOUT NO_RUN: there is no run %', new.run_id;
    elsif held.prepared_by <> session_user
        and ledger.basis_of(session_user) is distinct from 'person' then
        raise exception 'TIEOUT NOT_YOURS: who prepared a run withdraws it, or an approver';
    elsif (select state from ledger.model_run_state where run_id = held.run_id) <> 'counts' then
        raise exception 'TIEOUT STATE: run % does not count any more', new.run_id;
    elsif ledger.is_estimate_recorded(held) then
        raise exception 'TIEOUT RECORDED: run % is in the books; prepare another', new.run_id;
    elsif exists (select from ledger.model_run_state where entity_code = held.entity_code
            and rule = held.rule and state = 'counts' and cutoff_date > held.cutoff_date) then
        raise exception 'TIEOUT LATER_RUN: a run of a later cut-off builds on it';
    end if;
    return new;
end $$;
