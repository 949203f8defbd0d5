-- The triggers of ledger.foreign_read.
create trigger keep before delete or update or truncate on ledger.foreign_read
    for each statement
    execute function ops.refuse_change();
