-- The triggers of ledger.policy_conflict.
create trigger guard before insert on ledger.policy_conflict
    for each row
    execute function ledger.guard_policy_part();
create trigger keep before delete or update or truncate on ledger.policy_conflict
    for each statement
    execute function ops.refuse_change();
