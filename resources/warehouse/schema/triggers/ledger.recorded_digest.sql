-- The triggers of ledger.recorded_digest.
create trigger guard before insert or update on ledger.recorded_digest
    for each row
    execute function ledger.guard_digest();
create trigger keep before delete or truncate on ledger.recorded_digest
    for each statement
    execute function ops.refuse_change();
