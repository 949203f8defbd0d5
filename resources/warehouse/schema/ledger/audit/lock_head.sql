-- The audit chain. The head is locked before a statement and moved after it; each row follows the
-- newest one, the head or a row of the same statement.
create or replace function ledger.lock_head() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform from ledger.audit_head for update;
    return null;
end $$;
