-- The triggers of ledger.desired_digest.
create trigger guard before insert or update or delete on ledger.desired_digest
    for each row
    execute function ledger.guard_digest();
create trigger keep before truncate on ledger.desired_digest
    for each statement
    execute function ops.refuse_change();
