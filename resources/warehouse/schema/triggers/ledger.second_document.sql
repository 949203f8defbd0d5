-- The triggers of ledger.second_document.
create trigger keep before delete or update or truncate on ledger.second_document
    for each statement
    execute function ops.refuse_change();
