-- Locks the head of the audit before a statement writes audit rows. The head moves after the
-- statement; each row follows the newest one, the head or a row of the same statement.
create or replace function ledger.lock_head() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform from ledger.audit_head for update;
    return null;
end $$;
