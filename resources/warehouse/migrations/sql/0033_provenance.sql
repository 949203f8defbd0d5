-- Each entry carries the rules and the code that proposed it; where policy asks for a release,
-- entries of rules that were never released are held.
alter table ops.build
    add column rule_set_hash text check (rule_set_hash ~ '^[0-9a-f]{64}$'),
    add column code_hash text check (code_hash ~ '^[0-9a-f]{64}$'),
    add check ((rule_set_hash is null) = (code_hash is null));
create function ops.guard_build() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'TIEOUT IMMUTABLE: what a build ran under never changes';
end $$;
create trigger guard before update on ops.build for each row
    when ((new.build_id, new.rule_set_hash, new.code_hash)
          is distinct from (old.build_id, old.rule_set_hash, old.code_hash))
    execute function ops.guard_build();

-- Of the build that proposed the entry, which is not the one that it is stamped with later. Entries
-- of before, and of a build that did not say, have no row.
create table ledger.entry_provenance (
    entry_id bigint primary key references ledger.entry,
    build_id text not null references ops.build,
    rule_set_hash text not null,
    code_hash text not null
);
create index on ledger.entry_provenance (rule_set_hash, code_hash);

-- Written with the entries, whoever writes them; one row of the audit for all of a build.
create function ledger.keep_provenance() returns trigger
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
create trigger provenance after insert on ledger.entry referencing new table as added
    for each statement execute function ledger.keep_provenance();
create function ledger.guard_provenance() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception 'TIEOUT IMMUTABLE: what made an entry is written with the entry alone';
    end if;
    return new;
end $$;
create trigger guard before insert on ledger.entry_provenance
    for each row execute function ledger.guard_provenance();
create trigger keep before update or delete or truncate on ledger.entry_provenance
    for each statement execute function ops.refuse_change();

-- Each entry with what made it and who released that; nulls where nothing is stated or released.
create view ledger.entry_release as
select
    entry.entry_id, made.build_id, made.rule_set_hash, made.code_hash, released.release_id,
    released.author, released.approver, released.deployer, released.approved_at,
    released.release_id is not null as is_released
from ledger.entry as entry
left join ledger.entry_provenance as made using (entry_id)
left join ledger.released_rules as released using (rule_set_hash, code_hash);

-- The one gate, with one reason more. An entry that a later build demands just so stands on that
-- build: it goes by the release of the newer rules.
insert into ledger.hold_owner values ('RELEASE', 'approvers');
alter view ledger.hold rename to hold_but_release;
create view ledger.hold as
select entry_id, code, detail from ledger.hold_but_release
union all
select entry.entry_id, 'RELEASE', case
    when build.rule_set_hash is null then 'the build does not say which rules and code it ran'
    else 'rules ' || left(build.rule_set_hash, 12) || ' with code ' || left(build.code_hash, 12)
         || ' are not released' end
from ledger.entry as entry join ops.build as build using (build_id)
where entry.state in ('proposed', 'approved', 'rejected')
  and (select release_required from ledger.rule_deployment order by deployment_id desc limit 1)
  and not exists (
    select from ledger.released_rules as released
    where (released.rule_set_hash, released.code_hash) = (build.rule_set_hash, build.code_hash));

-- Deployments, releases, acts and provenance that do not equal what was audited.
create function ledger.verify_releases() returns table (problem text, row_id text)
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

grant select on ledger.entry_provenance, ledger.entry_release, ledger.hold
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
revoke all on function ops.guard_build(), ledger.keep_provenance(), ledger.guard_provenance(),
    ledger.verify_releases() from public;
grant execute on function ledger.verify_releases()
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
