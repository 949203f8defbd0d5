-- The lines of a model run come before its seal and never change.
create or replace function ledger.guard_model_line() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from ledger.model_run where run_id = new.run_id) then
        raise exception 'TIEOUT IMMUTABLE: run % is sealed', new.run_id;
    end if;
    return new;
end $$;
