-- Keeps the build, rules and code behind new entries; one audit row for all entries of a build.
create or replace function ledger.keep_provenance() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.entry_provenance (entry_id, build_id, rule_set_hash, code_hash)
    select added.entry_id, build.build_id, build.rule_set_hash, build.code_hash
    from added join ops.build as build using (build_id)
    where build.rule_set_hash is not null;
    perform ledger.write_audit('provenance', null, null, null, jsonb_build_object(
        'build_id', build.build_id, 'rule_set_hash', build.rule_set_hash,
        'code_hash', build.code_hash, 'entry_count', count(*)))
    from added join ops.build as build using (build_id)
    where build.rule_set_hash is not null
    group by build.build_id order by build.build_id;
    return null;
end $$;
