-- The head of the audit moves only with an audit row, never by a statement of its own.
create or replace function ledger.guard_head() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if pg_trigger_depth() < 2 or new.seq <= old.seq or not exists (
        select from ledger.audit where seq = new.seq and hash = new.hash) then
        raise exception 'TIEOUT IMMUTABLE: the head of the audit moves with the audit alone';
    end if;
    return new;
end $$;
