-- The triggers of ledger.cutoff.
create trigger keep before delete or update or truncate on ledger.cutoff
    for each statement
    execute function ops.refuse_change();
