-- The triggers of ledger.entry_number.
create trigger guard before insert or update on ledger.entry_number
    for each row
    execute function ledger.guard_number();
create trigger keep before delete or truncate on ledger.entry_number
    for each statement
    execute function ops.refuse_change();
