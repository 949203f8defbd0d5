-- The triggers of ledger.period.
create trigger guard before insert or update on ledger.period
    for each row
    execute function ledger.guard_period();
create trigger keep before delete or truncate on ledger.period
    for each statement
    execute function ops.refuse_change();
