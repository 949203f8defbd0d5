-- Deployments, releases, acts and provenance that differ from their audit row.
create or replace function ledger.verify_releases() returns table (problem text, row_id text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with held (action, row_id, content) as (
        select 'deploy rules', deployment_id::text, to_jsonb(t) - 'deployed_at'
        from ledger.rule_deployment as t
        union all
        select 'ask for release', release_id::text, to_jsonb(t) - 'asked_at'
        from ledger.rule_release as t
        union all
        select 'decide on release', act_id::text, to_jsonb(t) - 'acted_at'
        from ledger.rule_release_act as t
    ),
    audited as (
        select action, coalesce(detail ->> 'deployment_id', detail ->> 'act_id',
                                detail ->> 'release_id') as row_id, actor, detail
        from ledger.audit
        where action in ('deploy rules', 'ask for release', 'decide on release')
    )
    select upper(action), row_id
    from held full join audited using (action, row_id)
    where held.content is distinct from audited.detail
       or audited.actor is distinct from coalesce(held.content ->> 'deployer',
            held.content ->> 'author', held.content ->> 'actor')
    union all
    select 'CONTENT', release_id::text from ledger.rule_release
    where ledger.files_hash(files) <> rule_set_hash
    union all
    select 'SELF_APPROVAL', release_id::text
    from ledger.rule_release join ledger.rule_release_act as done using (release_id)
    where done.act <> 'withdrawn' and done.actor = author
    union all
    -- The audit of a proposal names its build; that of its build names the rules and the code.
    select 'PROVENANCE', coalesce(made.entry_id, proposal.entry_id)::text
    from ledger.entry_provenance as made
    full join (
        select audit.entry_id, stated.detail
        from ledger.audit as audit
        join (select distinct detail - 'entry_count' as detail from ledger.audit
              where action = 'provenance') as stated
            on stated.detail ->> 'build_id' = audit.detail ->> 'build_id'
        where audit.action = 'propose'
    ) as proposal using (entry_id)
    where (to_jsonb(made) - 'entry_id') is distinct from proposal.detail
$$;
