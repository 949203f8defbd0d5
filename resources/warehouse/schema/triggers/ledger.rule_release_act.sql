-- The triggers of ledger.rule_release_act.
create trigger audit after insert on ledger.rule_release_act
    for each row
    execute function ledger.audit_rules('decide on release');
create trigger guard before insert on ledger.rule_release_act
    for each row
    execute function ledger.guard_rule_release_act();
create trigger keep before delete or update or truncate on ledger.rule_release_act
    for each statement
    execute function ops.refuse_change();
