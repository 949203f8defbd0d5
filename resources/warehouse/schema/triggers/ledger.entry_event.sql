-- The triggers of ledger.entry_event.
create trigger guard after insert on ledger.entry_event
    referencing new table as added for each statement
    execute function ledger.guard_content();
create trigger keep before delete or update or truncate on ledger.entry_event
    for each statement
    execute function ops.refuse_change();
