-- A preparer of a run does not sign an entry with its estimate, and none is signed while a run
-- is newer than the build behind the entry.
create or replace function ledger.guard_estimate_signature() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    found_run record;
begin
    for found_run in
        select distinct run.run_id, run.prepared_by,
               greatest(run.prepared_at, act.acted_at) > build.started_at as is_newer
        from ledger.entry_event as event
        join ledger.entry as entry using (entry_id)
        join ops.build as build using (build_id)
        join ledger.model_run as run
            on run.entity_code = event.entity_code and run.rule = event.rule
           and event.control_key = 'estimate ' || run.cutoff_date
        left join ledger.model_run_act as act using (run_id)
        where event.entry_id = new.entry_id
    loop
        if found_run.prepared_by in (session_user, ledger.full_login(new.authority)) then
            raise exception 'TIEOUT SELF_APPROVAL: who prepared run % does not approve it',
                found_run.run_id;
        elsif found_run.is_newer then
            raise exception 'TIEOUT STALE_RUN: run % came after this build; build again',
                found_run.run_id;
        end if;
    end loop;
    return new;
end $$;
