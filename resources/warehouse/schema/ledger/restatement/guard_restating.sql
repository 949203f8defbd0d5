-- Proposing alone writes what is held for restatement and what an order lets through.
create or replace function ledger.guard_restating() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not ledger.is_preparer(session_user) then
        raise exception 'TIEOUT IMMUTABLE: what is restated is said by proposing alone';
    end if;
    return null;
end $$;
