-- The triggers of ledger.transition.
create trigger keep before delete or update or truncate on ledger.transition
    for each statement
    execute function ops.refuse_change();
