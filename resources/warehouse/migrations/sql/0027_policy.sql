-- Approval policy in versions: each load of another file is a set of rows of its own, which nobody
-- changes afterwards. What stands is the newest; an approval names the one that it was given under.
create table ledger.policy (
    policy_id bigint generated always as identity primary key,
    policy_version text not null check (policy_version ~ '^[0-9a-f]{64}$'),  -- SHA-256 of the file
    delegation_days integer not null check (delegation_days >= 0),
    soft_classes text[] not null,             -- what still posts into a softly closed period
    soft_role text not null,                  -- with a signature of one who holds this
    period_role text not null,                -- approves closing and reopening
    waiver_role text not null,
    refused_tolerance numeric(14, 2) not null check (refused_tolerance >= 0),
    error_amount numeric(14, 2) not null check (error_amount >= 0),
    error_role text not null,
    loaded_by text not null,
    loaded_at timestamptz not null,
    made_by_xid xid8 not null
);
create table ledger.policy_class (
    policy_id bigint not null references ledger.policy,
    approval_class text not null,
    basis text not null check (basis in ('policy', 'person')),
    signatures integer not null check (signatures >= 1),
    includes_role text,                       -- one of the signatures, at least, is of this role
    primary key (policy_id, approval_class)
);
create table ledger.policy_role (
    policy_id bigint not null references ledger.policy,
    role text not null,
    login text not null,
    primary key (policy_id, role, login)
);
create table ledger.policy_conflict (
    policy_id bigint not null references ledger.policy,
    role text not null,
    other_role text not null check (other_role <> role),
    primary key (policy_id, role, other_role)
);
create table ledger.policy_limit (
    policy_id bigint not null references ledger.policy,
    limit_id text not null,
    role text,
    person text,
    approval_classes text[],                            -- null: all
    effective_from date not null,
    effective_to date check (effective_to >= effective_from),
    event_amount numeric(14, 2) check (event_amount > 0),          -- null: no limit
    entry_amount numeric(14, 2) check (entry_amount > 0),
    account_day_amount numeric(14, 2) check (account_day_amount > 0),
    primary key (policy_id, limit_id),
    check ((role is null) <> (person is null))
);
create table ledger.policy_delegation (
    policy_id bigint not null references ledger.policy,
    delegation_id text not null,
    from_login text not null,
    to_login text not null check (to_login <> from_login),
    approval_classes text[] not null check (cardinality(approval_classes) > 0),
    effective_from date not null,
    effective_to date not null check (effective_to >= effective_from),
    primary key (policy_id, delegation_id)
);
create table ledger.policy_correction (
    policy_id bigint not null references ledger.policy,
    rule text not null,
    correction_class text not null check (correction_class in
        ('new_information', 'change_of_estimate', 'error', 'change_of_principle')),
    primary key (policy_id, rule)
);

create function ledger.policy_id() returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
    select max(policy_id) from ledger.policy
$$;

-- Policy files name a login without the installation's prefix; one that has none begins with @.
create function ledger.short_login(p_login name) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case when starts_with(p_login, ':prefix_') then substr(p_login, length(':prefix_') + 1)
                else '@' || p_login end
$$;
create function ledger.full_login(p_short text) returns name
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select (case when starts_with(p_short, '@') then substr(p_short, 2)
                 else ':prefix_' || p_short end)::name
$$;

-- What a login is, to a policy: its own name, the roles that the file gives it, and the groups of
-- the pipeline that it is a member of (the approvers among them).
create function ledger.roles_of(p_policy_id bigint, p_short text) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
    select array(
        select p_short
        union
        select role from ledger.policy_role where policy_id = p_policy_id and login = p_short
        union
        select ledger.short_login(grp.rolname) from pg_auth_members as membership
        join pg_roles as grp on grp.oid = membership.roleid
        join pg_roles as login on login.oid = membership.member
        where login.rolname = ledger.full_login(p_short) and starts_with(grp.rolname, ':prefix_'))
$$;
create function ledger.holds_role(p_policy_id bigint, p_short text, p_role text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select p_role = any(ledger.roles_of(p_policy_id, p_short))
$$;

-- The hash of all that a version says; the audit has it from the moment of loading.
create function ledger.policy_hash(p_policy_id bigint) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(string_agg(line, chr(28) order by line collate "C"), 'UTF8')),
                  'hex')
    from (
        select 'policy' || (to_jsonb(t) - 'loaded_at')::text as line from ledger.policy as t
        where policy_id = p_policy_id
        union all select 'class' || to_jsonb(t)::text from ledger.policy_class as t
        where policy_id = p_policy_id
        union all select 'role' || to_jsonb(t)::text from ledger.policy_role as t
        where policy_id = p_policy_id
        union all select 'conflict' || to_jsonb(t)::text from ledger.policy_conflict as t
        where policy_id = p_policy_id
        union all select 'limit' || to_jsonb(t)::text from ledger.policy_limit as t
        where policy_id = p_policy_id
        union all select 'delegation' || to_jsonb(t)::text from ledger.policy_delegation as t
        where policy_id = p_policy_id
        union all select 'correction' || to_jsonb(t)::text from ledger.policy_correction as t
        where policy_id = p_policy_id
    ) as lines
$$;

create function ledger.guard_policy() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.loaded_by := session_user;
    new.loaded_at := date_trunc('second', clock_timestamp());
    new.made_by_xid := pg_current_xact_id();
    return new;
end $$;
create trigger guard before insert on ledger.policy
    for each row execute function ledger.guard_policy();
create function ledger.audit_policy() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('load policy', null, null, null, jsonb_build_object(
        'policy_id', new.policy_id, 'policy_version', new.policy_version,
        'content_hash', ledger.policy_hash(new.policy_id)));
    return null;
end $$;
create constraint trigger audit after insert on ledger.policy
    deferrable initially deferred for each row execute function ledger.audit_policy();

-- A version is whole when it is loaded: its rows come in the same transaction, or never.
create function ledger.guard_policy_part() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from ledger.policy where policy_id = new.policy_id
                   and made_by_xid = pg_current_xact_id()) then
        raise exception 'TIEOUT IMMUTABLE: a loaded policy gets no further %', tg_table_name;
    end if;
    return new;
end $$;

-- Who receives a delegation is neither a preparer nor in conflict with what he would hold by it;
-- what was received is not handed on. Roles by group are asked again when somebody signs.
create function ledger.guard_delegation() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.effective_to - new.effective_from >= (
        select delegation_days from ledger.policy where policy_id = new.policy_id) then
        raise exception 'TIEOUT DELEGATION: % lasts longer than policy allows', new.delegation_id;
    elsif exists (select from ledger.policy_delegation where policy_id = new.policy_id
                  and (from_login = new.to_login or to_login = new.from_login)) then
        raise exception 'TIEOUT DELEGATION: % would be handed on', new.delegation_id;
    elsif ledger.in_conflict(new.policy_id, ledger.roles_of(new.policy_id, new.to_login)
                             || ledger.roles_of(new.policy_id, new.from_login))
        or 'preparer' = any(ledger.roles_of(new.policy_id, new.to_login)) then
        raise exception 'TIEOUT DELEGATION: % goes to somebody in conflict', new.delegation_id;
    end if;
    return new;
end $$;
create function ledger.in_conflict(p_policy_id bigint, p_roles text[]) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (select from ledger.policy_conflict where policy_id = p_policy_id
                   and role = any(p_roles) and other_role = any(p_roles))
$$;

do $$
declare
    name text;
begin
    foreach name in array array['policy_class', 'policy_role', 'policy_conflict', 'policy_limit',
        'policy_delegation', 'policy_correction'] loop
        execute format('create trigger guard before insert on ledger.%I '
            'for each row execute function ledger.guard_policy_part()', name);
    end loop;
    foreach name in array array['policy', 'policy_class', 'policy_role', 'policy_conflict',
        'policy_limit', 'policy_delegation', 'policy_correction'] loop
        execute format('create trigger keep before update or delete or truncate on ledger.%I '
            'for each statement execute function ops.refuse_change()', name);
    end loop;
end $$;
create trigger guard_receiver before insert on ledger.policy_delegation
    for each row execute function ledger.guard_delegation();

-- Load a file: nothing happens when it is the one that stands. For the administrator.
create function ledger.load_policy(p_version text, p_file jsonb) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    made bigint;
begin
    perform pg_advisory_xact_lock(7103004);
    if exists (select from ledger.policy where policy_id = ledger.policy_id()
               and policy_version = p_version) then
        return false;
    end if;
    insert into ledger.policy (policy_version, delegation_days, soft_classes, soft_role,
        period_role, waiver_role, refused_tolerance, error_amount, error_role)
    select p_version, delegation_days, soft_classes, soft_role, period_role, waiver_role,
           refused_tolerance, error_amount, error_role
    from jsonb_populate_record(null::ledger.policy, p_file -> 'settings')
    returning policy_id into made;
    insert into ledger.policy_class
    select made, approval_class, basis, signatures, includes_role
    from jsonb_populate_recordset(null::ledger.policy_class, p_file -> 'classes');
    insert into ledger.policy_role
    select made, role, login
    from jsonb_populate_recordset(null::ledger.policy_role, p_file -> 'roles');
    insert into ledger.policy_conflict
    select made, role, other_role
    from jsonb_populate_recordset(null::ledger.policy_conflict, p_file -> 'conflicts');
    insert into ledger.policy_limit
    select made, limit_id, role, person, approval_classes, effective_from, effective_to,
           event_amount, entry_amount, account_day_amount
    from jsonb_populate_recordset(null::ledger.policy_limit, p_file -> 'limits');
    insert into ledger.policy_delegation
    select made, delegation_id, from_login, to_login, approval_classes, effective_from,
           effective_to
    from jsonb_populate_recordset(null::ledger.policy_delegation, p_file -> 'delegations');
    insert into ledger.policy_correction
    select made, rule, correction_class
    from jsonb_populate_recordset(null::ledger.policy_correction, p_file -> 'corrections');
    return true;
end $$;

-- The tables that held today's policy become views of the newest version; what read them goes on.
alter table ledger.approval_class rename to approval_class_before;
create view ledger.approval_class as
select approval_class, basis, signatures, includes_role
from ledger.policy_class where policy_id = (select max(policy_id) from ledger.policy);
do $$
declare
    body text := pg_get_viewdef('ledger.hold'::regclass);
begin
    execute 'create or replace view ledger.hold as '
        || replace(body, 'ledger.approval_class_before', 'ledger.approval_class');
    execute 'create or replace view ledger.request_state as '
        || replace(pg_get_viewdef('ledger.request_state'::regclass),
                   'ledger.approval_class_before', 'ledger.approval_class');
end $$;
drop table ledger.approval_class_before;
drop table ledger.approval_limit;
create view ledger.approval_limit as
select limit_id, role, person, approval_classes, effective_from, effective_to, event_amount,
       entry_amount, account_day_amount
from ledger.policy_limit where policy_id = (select max(policy_id) from ledger.policy);
