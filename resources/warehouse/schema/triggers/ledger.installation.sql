-- The triggers of ledger.installation.
create trigger keep before delete or truncate on ledger.installation
    for each statement
    execute function ops.refuse_change();
