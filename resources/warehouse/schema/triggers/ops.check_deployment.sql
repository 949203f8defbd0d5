-- The triggers of ops.check_deployment.
create trigger keep before update or delete or truncate on ops.check_deployment
    for each statement
    execute function ops.refuse_change();
