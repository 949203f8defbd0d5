-- The triggers of ledger.entry.
create trigger audit after insert on ledger.entry
    referencing new table as added for each statement
    execute function ledger.audit_entry();
create trigger audit_step after update on ledger.entry
    referencing old table as replaced new table as added for each statement
    execute function ledger.audit_entry();
create trigger guard before insert or update on ledger.entry
    for each row
    execute function ledger.guard_entry();
create trigger keep before delete or truncate on ledger.entry
    for each statement
    execute function ops.refuse_change();
create trigger provenance after insert on ledger.entry
    referencing new table as added for each statement
    execute function ledger.keep_provenance();
create trigger record after update on ledger.entry
    referencing old table as replaced new table as added for each statement
    execute function ledger.keep_recorded();
create trigger signed before update on ledger.entry
    for each row when ((old.state = 'proposed') and (new.state = 'approved'))
    execute function ledger.guard_signed();
create constraint trigger whole after insert on ledger.entry
    deferrable initially deferred for each row
    execute function ledger.check_entry();
