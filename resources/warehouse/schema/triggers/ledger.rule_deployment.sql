-- The triggers of ledger.rule_deployment.
create trigger audit after insert on ledger.rule_deployment
    for each row
    execute function ledger.audit_rules('deploy rules');
create trigger guard before insert on ledger.rule_deployment
    for each row
    execute function ledger.guard_rule_deployment();
create trigger keep before delete or update or truncate on ledger.rule_deployment
    for each statement
    execute function ops.refuse_change();
