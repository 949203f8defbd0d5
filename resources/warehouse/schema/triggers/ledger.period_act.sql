-- The triggers of ledger.period_act.
create trigger audit after insert on ledger.period_act
    for each row
    execute function ledger.audit_period_act();
create trigger guard before insert on ledger.period_act
    for each row
    execute function ledger.guard_period_act();
create trigger keep before delete or update or truncate on ledger.period_act
    for each statement
    execute function ops.refuse_change();
