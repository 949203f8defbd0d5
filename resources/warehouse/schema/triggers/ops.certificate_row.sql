-- The triggers of ops.certificate_row.
create trigger keep before delete or update or truncate on ops.certificate_row
    for each statement
    execute function ops.refuse_change();
