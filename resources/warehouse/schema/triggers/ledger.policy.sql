-- The triggers of ledger.policy.
create constraint trigger audit after insert on ledger.policy
    deferrable initially deferred for each row
    execute function ledger.audit_policy();
create trigger guard before insert on ledger.policy
    for each row
    execute function ledger.guard_policy();
create trigger keep before delete or update or truncate on ledger.policy
    for each statement
    execute function ops.refuse_change();
