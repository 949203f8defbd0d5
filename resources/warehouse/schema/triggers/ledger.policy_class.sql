-- The triggers of ledger.policy_class.
create trigger guard before insert on ledger.policy_class
    for each row
    execute function ledger.guard_policy_part();
create trigger keep before delete or update or truncate on ledger.policy_class
    for each statement
    execute function ops.refuse_change();
