-- Takes the inputs of a build as those that the books follow, unless something of their effect
-- still waits for signatures.
create or replace function ledger.accept_inputs(p_build_id text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.accepted_inputs (build_id, rule_set_hash, code_hash, as_of_date, known_at)
    select build_id, rule_set_hash, code_hash, as_of_date, started_at from ops.build
    where build_id = p_build_id and not exists (select from draft_unexplained)
      and not exists (
        select from (select * from ledger.accepted_inputs order by accepted_id desc limit 1) as held
        where held.build_id = p_build_id);
end $$;
