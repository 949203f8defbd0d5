-- The triggers of ops.check_result.
create trigger keep before update or delete or truncate on ops.check_result
    for each statement
    execute function ops.refuse_change();
