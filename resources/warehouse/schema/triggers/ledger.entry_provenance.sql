-- The triggers of ledger.entry_provenance.
create trigger guard before insert on ledger.entry_provenance
    for each row
    execute function ledger.guard_provenance();
create trigger keep before delete or update or truncate on ledger.entry_provenance
    for each statement
    execute function ops.refuse_change();
