-- The triggers of ledger.carried_balance.
create trigger guard before insert on ledger.carried_balance
    for each row
    execute function ledger.guard_carried();
create trigger keep before delete or update or truncate on ledger.carried_balance
    for each statement
    execute function ops.refuse_change();
