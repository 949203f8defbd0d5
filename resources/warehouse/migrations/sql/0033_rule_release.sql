-- The release of rules: one person writes a rule set and asks, another approves just that content,
-- a third login deploys it. The three differ, whoever writes the rows. Everything is append-only.
-- A rule set is the files of seeds and governance, named by the hash over their hashes; the code is
-- named by a hash of its own (resources/code_identity.py works both out).

-- What was loaded into this database, by whom, and whether policy then asked for a release.
create table ledger.rule_deployment (
    deployment_id bigint generated always as identity primary key,
    rule_set_hash text not null check (rule_set_hash ~ '^[0-9a-f]{64}$'),
    code_hash text not null check (code_hash ~ '^[0-9a-f]{64}$'),
    release_required boolean not null,
    deployer text not null,
    deployed_at timestamptz not null
);
create table ledger.rule_release (
    release_id bigint generated always as identity primary key,
    rule_set_hash text not null check (rule_set_hash ~ '^[0-9a-f]{64}$'),
    code_hash text not null check (code_hash ~ '^[0-9a-f]{64}$'),
    files jsonb not null,                     -- SHA-256 of each file of the rule set by its path
    reason text not null check (length(btrim(reason)) between 10 and 500),
    author text not null,
    asked_at timestamptz not null
);
create table ledger.rule_release_act (
    act_id bigint generated always as identity primary key,
    release_id bigint not null unique references ledger.rule_release,   -- one act ends it
    act text not null check (act in ('approved', 'refused', 'withdrawn')),
    rule_set_hash text not null,              -- what whoever acts has seen
    code_hash text not null,
    reason text not null default '',
    actor text not null,
    acted_at timestamptz not null
);
create index on ledger.rule_deployment (rule_set_hash, code_hash);
create index on ledger.rule_release (rule_set_hash, code_hash);

-- The hash of a rule set out of its files: a line per file, path and hash, in order of the paths.
create function ledger.files_hash(p_files jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(coalesce(string_agg(
        file.key || ' ' || file.value, chr(10) order by file.key collate "C"), ''), 'UTF8')), 'hex')
    from jsonb_each_text(p_files) as file
$$;

-- A release as it stands. The deployer is the first who loaded it and is neither of the two.
create view ledger.rule_release_state as
select
    release.*, coalesce(done.act, 'open') as state,
    case when done.act = 'approved' then done.actor end as approver,
    done.actor as decided_by, done.acted_at as decided_at, done.reason as decision_reason,
    deployment.deployer, deployment.deployed_at
from ledger.rule_release as release
left join ledger.rule_release_act as done using (release_id)
left join lateral (
    select deployer, deployed_at from ledger.rule_deployment as loaded
    where (loaded.rule_set_hash, loaded.code_hash)
        = (release.rule_set_hash, release.code_hash)
      and loaded.deployer not in (release.author, coalesce(done.actor, ''))
    order by deployment_id limit 1
) as deployment on true;

-- Rules and code that were written, approved and deployed by three different logins.
create view ledger.released_rules as
select distinct on (rule_set_hash, code_hash)
    rule_set_hash, code_hash, release_id, author, approver, deployer, decided_at as approved_at,
    deployed_at
from ledger.rule_release_state
where state = 'approved' and deployer is not null and author <> approver
order by rule_set_hash, code_hash, release_id;

create function ledger.guard_rule_deployment() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7103005);
    new.deployer := session_user;
    new.deployed_at := clock_timestamp();
    if exists (
        select from ledger.rule_release_state as release
        where (release.rule_set_hash, release.code_hash) = (new.rule_set_hash, new.code_hash)
          and release.state in ('open', 'approved')
          and session_user in (release.author, coalesce(release.approver, ''))) then
        raise exception 'TIEOUT SELF_DEPLOYMENT: who wrote or approved rules does not deploy them';
    end if;
    return new;
end $$;
create trigger guard before insert on ledger.rule_deployment
    for each row execute function ledger.guard_rule_deployment();

create function ledger.guard_rule_release() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7103005);
    perform ledger.check_person();
    new.author := session_user;
    new.asked_at := clock_timestamp();
    if new.files = '{}' or ledger.files_hash(new.files) <> new.rule_set_hash then
        raise exception 'TIEOUT CONTENT: the files are not those of the rule set';
    elsif exists (
        select from ledger.rule_release_state as other
        where (other.rule_set_hash, other.code_hash) = (new.rule_set_hash, new.code_hash)
          and other.state in ('open', 'approved')) then
        raise exception 'TIEOUT DUPLICATE: these rules and this code were asked for already';
    elsif ledger.has_deployed(new.rule_set_hash, new.code_hash) then
        raise exception 'TIEOUT SELF_DEPLOYMENT: who deployed rules does not ask for their release';
    end if;
    return new;
end $$;
create function ledger.has_deployed(p_rule_set_hash text, p_code_hash text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.rule_deployment
        where (rule_set_hash, code_hash) = (p_rule_set_hash, p_code_hash)
          and deployer = session_user)
$$;
create trigger guard before insert on ledger.rule_release
    for each row execute function ledger.guard_rule_release();

create function ledger.guard_rule_release_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held record;
begin
    perform pg_advisory_xact_lock(7103005);
    select * into held from ledger.rule_release_state where release_id = new.release_id;
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    if held.release_id is null then
        raise exception 'TIEOUT NO_RELEASE: there is no release %', new.release_id;
    elsif held.state <> 'open' then
        raise exception 'TIEOUT STATE: release % is %', new.release_id, held.state;
    elsif (new.rule_set_hash, new.code_hash) <> (held.rule_set_hash, held.code_hash)
        or ledger.files_hash(held.files) <> held.rule_set_hash then
        raise exception 'TIEOUT CONTENT: release % is not what was seen', new.release_id;
    elsif new.act = 'withdrawn' and held.author <> session_user then
        raise exception 'TIEOUT NOT_YOURS: who asked withdraws';
    elsif new.act = 'withdrawn' then
        return new;
    end if;
    perform ledger.check_person();
    if held.author = session_user then
        raise exception 'TIEOUT SELF_APPROVAL: who wrote rules does not approve them';
    elsif new.act = 'approved' and ledger.has_deployed(held.rule_set_hash, held.code_hash) then
        raise exception 'TIEOUT SELF_DEPLOYMENT: who deployed rules does not approve them';
    elsif new.act = 'refused' and btrim(new.reason) = '' then
        raise exception 'TIEOUT REASON: a refusal needs a reason';
    end if;
    return new;
end $$;
create trigger guard before insert on ledger.rule_release_act
    for each row execute function ledger.guard_rule_release_act();

-- The audit has each row whole, so that verify_releases can hold one against the other.
create function ledger.audit_rules() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit(tg_argv[0], null, null, null,
        to_jsonb(new) - array['deployed_at', 'asked_at', 'acted_at']);
    return null;
end $$;
create trigger audit after insert on ledger.rule_deployment
    for each row execute function ledger.audit_rules('deploy rules');
create trigger audit after insert on ledger.rule_release
    for each row execute function ledger.audit_rules('ask for release');
create trigger audit after insert on ledger.rule_release_act
    for each row execute function ledger.audit_rules('decide on release');
create trigger keep before update or delete or truncate on ledger.rule_deployment
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ledger.rule_release
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ledger.rule_release_act
    for each statement execute function ops.refuse_change();

-- For the administrator, who loads governance: a row where anything is another than before.
create function ledger.deploy_rules(
    p_rule_set_hash text, p_code_hash text, p_release_required boolean
) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7103005);
    if (select (rule_set_hash, code_hash, release_required, deployer)
               = (p_rule_set_hash, p_code_hash, p_release_required, session_user::text)
        from ledger.rule_deployment order by deployment_id desc limit 1) then
        return false;
    end if;
    insert into ledger.rule_deployment
        (rule_set_hash, code_hash, release_required, deployer, deployed_at)
    values (p_rule_set_hash, p_code_hash, p_release_required, session_user, clock_timestamp());
    return true;
end $$;

create function ledger.ask_for_release(
    p_rule_set_hash text, p_code_hash text, p_files jsonb, p_reason text
) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.rule_release (rule_set_hash, code_hash, files, reason, author, asked_at)
    values (p_rule_set_hash, p_code_hash, p_files, p_reason, session_user, clock_timestamp())
    returning release_id
$$;
create function ledger.decide_on_release(
    p_release_id bigint, p_act text, p_rule_set_hash text, p_code_hash text, p_reason text
) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.rule_release_act
        (release_id, act, rule_set_hash, code_hash, reason, actor, acted_at)
    values (p_release_id, p_act, p_rule_set_hash, p_code_hash, coalesce(p_reason, ''),
        session_user, clock_timestamp())
$$;

grant select on ledger.rule_deployment, ledger.rule_release, ledger.rule_release_act,
    ledger.rule_release_state, ledger.released_rules
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
revoke all on function ledger.files_hash(jsonb), ledger.guard_rule_deployment(),
    ledger.guard_rule_release(), ledger.has_deployed(text, text),
    ledger.guard_rule_release_act(), ledger.audit_rules(),
    ledger.deploy_rules(text, text, boolean), ledger.ask_for_release(text, text, jsonb, text),
    ledger.decide_on_release(bigint, text, text, text, text) from public;
grant execute on function ledger.ask_for_release(text, text, jsonb, text),
    ledger.decide_on_release(bigint, text, text, text, text) to :prefix_approver;
