-- The triggers of ledger.close_waiver.
create trigger audit after insert on ledger.close_waiver
    for each row
    execute function ledger.audit_waiver();
create trigger guard before insert on ledger.close_waiver
    for each row
    execute function ledger.guard_waiver();
create trigger keep before delete or update or truncate on ledger.close_waiver
    for each statement
    execute function ops.refuse_change();
