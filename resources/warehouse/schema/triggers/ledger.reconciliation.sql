-- The triggers of ledger.reconciliation.
create trigger guard before insert on ledger.reconciliation
    for each row
    execute function ledger.guard_reconciliation();
create trigger keep before delete or update or truncate on ledger.reconciliation
    for each statement
    execute function ops.refuse_change();
