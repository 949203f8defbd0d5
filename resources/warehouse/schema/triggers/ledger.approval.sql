-- The triggers of ledger.approval.
create trigger audit after insert on ledger.approval
    referencing new table as added for each statement
    execute function ledger.audit_approval();
create trigger audit_void after update on ledger.approval
    referencing new table as added for each statement
    execute function ledger.audit_approval();
create trigger guard before insert or update on ledger.approval
    for each row
    execute function ledger.guard_approval();
create trigger keep before delete or truncate on ledger.approval
    for each statement
    execute function ops.refuse_change();
create trigger limits after insert on ledger.approval
    referencing new table as added for each statement
    execute function ledger.guard_limits();
create trigger own_estimate before insert on ledger.approval
    for each row
    execute function ledger.guard_estimate_signature();
