-- The triggers of ledger.audit_head.
create trigger guard before update on ledger.audit_head
    for each row
    execute function ledger.guard_head();
create trigger keep before delete or truncate on ledger.audit_head
    for each statement
    execute function ops.refuse_change();
