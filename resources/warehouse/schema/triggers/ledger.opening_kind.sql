-- The triggers of ledger.opening_kind.
create trigger keep before delete or update or truncate on ledger.opening_kind
    for each statement
    execute function ops.refuse_change();
