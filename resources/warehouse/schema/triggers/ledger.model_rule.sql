-- The triggers of ledger.model_rule.
create trigger keep before delete or update or truncate on ledger.model_rule
    for each statement
    execute function ops.refuse_change();
