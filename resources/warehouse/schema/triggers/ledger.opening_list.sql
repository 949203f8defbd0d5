-- The triggers of ledger.opening_list.
create trigger audit after insert on ledger.opening_list
    for each row
    execute function ledger.audit_opening_list();
create trigger guard before insert on ledger.opening_list
    for each row
    execute function ledger.guard_opening_list();
create trigger keep before delete or update or truncate on ledger.opening_list
    for each statement
    execute function ops.refuse_change();
