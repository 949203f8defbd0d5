-- The triggers of ledger.erp_document.
create trigger guard before update on ledger.erp_document
    for each row
    execute function ledger.guard_document();
create trigger keep before delete or truncate on ledger.erp_document
    for each statement
    execute function ops.refuse_change();
