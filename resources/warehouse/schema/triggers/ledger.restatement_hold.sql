-- The triggers of ledger.restatement_hold.
create trigger guard before insert or delete or update on ledger.restatement_hold
    for each statement
    execute function ledger.guard_restating();
create trigger keep before truncate on ledger.restatement_hold
    for each statement
    execute function ops.refuse_change();
