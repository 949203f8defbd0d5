-- The triggers of ledger.foreign_judgement.
create trigger keep before delete or update or truncate on ledger.foreign_judgement
    for each statement
    execute function ops.refuse_change();
