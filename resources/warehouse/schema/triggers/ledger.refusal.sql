-- The triggers of ledger.refusal.
create trigger keep before delete or update or truncate on ledger.refusal
    for each statement
    execute function ops.refuse_change();
