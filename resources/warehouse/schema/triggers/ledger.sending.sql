-- The triggers of ledger.sending.
create trigger guard before update on ledger.sending
    for each row
    execute function ledger.guard_sending();
create trigger keep before delete or truncate on ledger.sending
    for each statement
    execute function ops.refuse_change();
