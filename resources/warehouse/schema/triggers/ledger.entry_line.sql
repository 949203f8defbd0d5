-- The triggers of ledger.entry_line.
create trigger guard after insert on ledger.entry_line
    referencing new table as added for each statement
    execute function ledger.guard_content();
create trigger keep before delete or update or truncate on ledger.entry_line
    for each statement
    execute function ops.refuse_change();
