-- The triggers of ledger.review.
create trigger guard before insert on ledger.review
    for each row
    execute function ledger.guard_review();
create trigger keep before delete or update or truncate on ledger.review
    for each statement
    execute function ops.refuse_change();
