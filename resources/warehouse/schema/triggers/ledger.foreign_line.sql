-- The triggers of ledger.foreign_line.
create trigger guard before update on ledger.foreign_line
    for each row
    execute function ledger.guard_foreign_line();
create trigger keep before delete or truncate on ledger.foreign_line
    for each statement
    execute function ops.refuse_change();
