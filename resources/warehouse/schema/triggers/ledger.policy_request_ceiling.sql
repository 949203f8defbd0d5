-- The triggers of ledger.policy_request_ceiling.
create trigger guard before insert on ledger.policy_request_ceiling
    for each row
    execute function ledger.guard_policy_part();
create trigger keep before delete or update or truncate on ledger.policy_request_ceiling
    for each statement
    execute function ops.refuse_change();
