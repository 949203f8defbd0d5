-- The triggers of ops.installation.
create trigger audit after update on ops.installation
    for each row when (old.as_of_date is distinct from new.as_of_date)
    execute function ops.audit_as_of();
create trigger guard before update on ops.installation
    for each row
    execute function ops.guard_installation();
create trigger keep before delete or truncate on ops.installation
    for each statement
    execute function ops.refuse_change();
