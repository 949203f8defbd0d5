-- The triggers of ledger.correction_decision.
create trigger audit after insert on ledger.correction_decision
    for each row
    execute function ledger.audit_correction();
create trigger guard before insert on ledger.correction_decision
    for each row
    execute function ledger.guard_correction();
create trigger keep before delete or update or truncate on ledger.correction_decision
    for each statement
    execute function ops.refuse_change();
