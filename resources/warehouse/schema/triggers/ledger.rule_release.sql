-- The triggers of ledger.rule_release.
create trigger audit after insert on ledger.rule_release
    for each row
    execute function ledger.audit_rules('ask for release');
create trigger guard before insert on ledger.rule_release
    for each row
    execute function ledger.guard_rule_release();
create trigger keep before delete or update or truncate on ledger.rule_release
    for each statement
    execute function ops.refuse_change();
