-- The triggers of ledger.document_anchor.
create trigger keep before update or delete or truncate on ledger.document_anchor
    for each statement
    execute function ops.refuse_change();
