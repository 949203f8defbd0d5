-- Moves the head of the audit to the newest row of a statement.
create or replace function ledger.move_head() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update ledger.audit_head set (seq, hash) = (
        select added.seq, added.hash from added order by added.seq desc limit 1)
    where exists (select from added);
    return null;
end $$;
