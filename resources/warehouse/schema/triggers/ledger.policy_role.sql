-- The triggers of ledger.policy_role.
create trigger guard before insert on ledger.policy_role
    for each row
    execute function ledger.guard_policy_part();
create trigger keep before delete or update or truncate on ledger.policy_role
    for each statement
    execute function ops.refuse_change();
