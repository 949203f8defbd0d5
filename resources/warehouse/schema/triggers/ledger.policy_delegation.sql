-- The triggers of ledger.policy_delegation.
create trigger guard before insert on ledger.policy_delegation
    for each row
    execute function ledger.guard_policy_part();
create trigger guard_receiver before insert on ledger.policy_delegation
    for each row
    execute function ledger.guard_delegation();
create trigger keep before delete or update or truncate on ledger.policy_delegation
    for each statement
    execute function ops.refuse_change();
