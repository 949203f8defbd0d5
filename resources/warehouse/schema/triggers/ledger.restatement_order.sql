-- The triggers of ledger.restatement_order.
create trigger audit after insert on ledger.restatement_order
    for each row
    execute function ledger.audit_restatement_order();
create trigger guard before insert on ledger.restatement_order
    for each row
    execute function ledger.guard_restatement_order();
create trigger keep before delete or update or truncate on ledger.restatement_order
    for each statement
    execute function ops.refuse_change();
