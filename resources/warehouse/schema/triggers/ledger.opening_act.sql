-- The triggers of ledger.opening_act.
create trigger audit after insert on ledger.opening_act
    for each row
    execute function ledger.audit_opening_act();
create trigger guard before insert on ledger.opening_act
    for each row
    execute function ledger.guard_opening_act();
create trigger keep before delete or update or truncate on ledger.opening_act
    for each statement
    execute function ops.refuse_change();
