-- The triggers of ledger.opening_line.
create trigger guard before insert on ledger.opening_line
    for each row
    execute function ledger.guard_opening_line();
create trigger keep before delete or update or truncate on ledger.opening_line
    for each statement
    execute function ops.refuse_change();
