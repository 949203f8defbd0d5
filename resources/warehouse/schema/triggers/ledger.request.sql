-- The triggers of ledger.request.
create trigger audit after insert on ledger.request
    for each row
    execute function ledger.audit_request();
create trigger guard before insert on ledger.request
    for each row
    execute function ledger.guard_request();
create trigger keep before delete or update or truncate on ledger.request
    for each statement
    execute function ops.refuse_change();
