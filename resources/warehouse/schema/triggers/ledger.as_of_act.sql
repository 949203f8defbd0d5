-- The triggers of ledger.as_of_act.
create trigger audit after insert on ledger.as_of_act
    for each row
    execute function ledger.audit_as_of_act();
create trigger guard before insert on ledger.as_of_act
    for each row
    execute function ledger.guard_as_of_act();
create trigger keep before delete or update or truncate on ledger.as_of_act
    for each statement
    execute function ops.refuse_change();
