-- The triggers of ledger.model_run_act.
create trigger audit after insert on ledger.model_run_act
    for each row
    execute function ledger.audit_model_run_act();
create trigger guard before insert on ledger.model_run_act
    for each row
    execute function ledger.guard_model_run_act();
create trigger keep before delete or update or truncate on ledger.model_run_act
    for each statement
    execute function ops.refuse_change();
