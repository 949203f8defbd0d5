-- The triggers of ops.build_input.
create trigger keep before delete or update or truncate on ops.build_input
    for each statement
    execute function ops.refuse_change();
