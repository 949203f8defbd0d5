-- The triggers of ops.build.
create trigger guard before update on ops.build
    for each row when (((new.build_id is distinct from old.build_id) or (new.rule_set_hash is
        distinct from old.rule_set_hash)) or (new.code_hash is distinct from old.code_hash))
    execute function ops.guard_build();
