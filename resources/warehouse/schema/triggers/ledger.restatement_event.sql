-- The triggers of ledger.restatement_event.
create trigger check_restated after insert on ledger.restatement_event
    referencing new table as added for each statement
    execute function ledger.check_restated();
create trigger guard before insert on ledger.restatement_event
    for each statement
    execute function ledger.guard_restating();
create trigger keep before delete or update or truncate on ledger.restatement_event
    for each statement
    execute function ops.refuse_change();
