-- The triggers of ledger.audit.
create trigger chain before insert on ledger.audit
    for each row
    execute function ledger.chain_audit();
create trigger keep before delete or update or truncate on ledger.audit
    for each statement
    execute function ops.refuse_change();
create trigger lock_head before insert on ledger.audit
    for each statement
    execute function ledger.lock_head();
create trigger move_head after insert on ledger.audit
    referencing new table as added for each statement
    execute function ledger.move_head();
