-- A reconciliation is reviewed by another login than its preparer's.
create or replace function ledger.guard_reconciliation_review() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.reviewer := session_user;
    new.reviewed_at := clock_timestamp();
    if exists (select from ledger.reconciliation
               where reconciliation_id = new.reconciliation_id and preparer = new.reviewer) then
        raise exception 'TIEOUT SELF_REVIEW: % prepared this reconciliation', session_user;
    end if;
    return new;
end $$;
