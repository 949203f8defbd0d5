-- The triggers of ledger.carry.
create trigger keep before delete or update or truncate on ledger.carry
    for each statement
    execute function ops.refuse_change();
