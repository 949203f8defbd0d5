-- The triggers of ops.received_file.
create trigger guard before update on ops.received_file
    for each row
    execute function ops.guard_received_file();
