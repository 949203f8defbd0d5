-- The triggers of ledger.unexplained_change.
create trigger keep before update or delete or truncate on ledger.unexplained_change
    for each statement
    execute function ops.refuse_change();
