-- The triggers of ledger.model_run_line.
create trigger guard before insert on ledger.model_run_line
    for each row
    execute function ledger.guard_model_line();
create trigger keep before delete or update or truncate on ledger.model_run_line
    for each statement
    execute function ops.refuse_change();
