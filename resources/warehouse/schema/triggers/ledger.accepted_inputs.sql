-- The triggers of ledger.accepted_inputs.
create trigger keep before update or delete or truncate on ledger.accepted_inputs
    for each statement
    execute function ops.refuse_change();
