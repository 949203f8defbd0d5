-- The triggers of ops.certificate.
create trigger guard before update on ops.certificate
    for each row
    execute function ops.guard_certificate();
create trigger keep before delete or truncate on ops.certificate
    for each statement
    execute function ops.refuse_change();
