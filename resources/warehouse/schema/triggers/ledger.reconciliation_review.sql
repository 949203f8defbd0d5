-- The triggers of ledger.reconciliation_review.
create trigger guard before insert on ledger.reconciliation_review
    for each row
    execute function ledger.guard_reconciliation_review();
create trigger keep before delete or update or truncate on ledger.reconciliation_review
    for each statement
    execute function ops.refuse_change();
