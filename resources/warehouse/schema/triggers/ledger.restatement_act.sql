-- The triggers of ledger.restatement_act.
create trigger audit after insert on ledger.restatement_act
    for each row
    execute function ledger.audit_restatement_act();
create trigger guard before insert on ledger.restatement_act
    for each row
    execute function ledger.guard_restatement_act();
create trigger keep before delete or update or truncate on ledger.restatement_act
    for each statement
    execute function ops.refuse_change();
