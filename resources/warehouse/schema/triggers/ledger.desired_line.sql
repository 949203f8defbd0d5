-- The triggers of ledger.desired_line.
create trigger digest_added after insert on ledger.desired_line
    referencing new table as changed for each statement
    execute function ledger.keep_desired();
create trigger digest_removed after delete on ledger.desired_line
    referencing old table as changed for each statement
    execute function ledger.keep_desired();
create trigger keep before update or truncate on ledger.desired_line
    for each statement
    execute function ops.refuse_change();
