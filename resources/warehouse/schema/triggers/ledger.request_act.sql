-- The triggers of ledger.request_act.
create trigger audit after insert on ledger.request_act
    for each row
    execute function ledger.audit_request_act();
create trigger guard before insert on ledger.request_act
    for each row
    execute function ledger.guard_request_act();
create trigger keep before delete or update or truncate on ledger.request_act
    for each statement
    execute function ops.refuse_change();
