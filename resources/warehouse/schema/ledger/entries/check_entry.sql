-- Checks a new entry at commit. The caller's own rights apply then, hence security definer.
create or replace function ledger.check_entry() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    problem text := ledger.entry_problem(new.entry_id);
begin
    if problem is not null then
        raise exception 'TIEOUT %: entry % is refused', problem, new.entry_id;
    end if;
    return null;
end $$;
