-- Acts on periods: open -> soft -> closed and back. One person asks, another decides, with a reason
-- each; what was asked and decided is kept, and the status of a period moves by a decision only.
alter table ledger.period drop constraint period_own_status_check,
    add constraint period_own_status_check check (own_status in ('open', 'soft', 'closed'));
-- Accounts that must be zero at close (posting suspense), as the chart of accounts says.
alter table ledger.account add column must_clear boolean not null default false;

create table ledger.period_act (
    act_id bigint generated always as identity primary key,
    request_id bigint references ledger.period_act,        -- null: it is a request itself
    step text not null check (step in ('request', 'approve', 'refuse')),
    act text not null check (act in ('soft_close', 'close', 'reopen')),
    entity_code text not null,
    period_start date not null,
    from_status text not null,
    to_status text not null,
    reason text not null check (reason <> ''),
    build_id text references ops.build,                    -- whose certificate a close stands on
    waivers bigint[] not null default '{}',                -- which it stands on, too
    actor text not null,
    acted_at timestamptz not null,
    made_by_xid xid8 not null,
    foreign key (entity_code, period_start) references ledger.period,
    check ((step = 'request') = (request_id is null))
);
create unique index one_decision on ledger.period_act (request_id);
create index on ledger.period_act (entity_code, period_start);

-- What blocks a close and may stand all the same: who says so, why, which item, until when.
create table ledger.close_waiver (
    waiver_id bigint generated always as identity primary key,
    entity_code text not null,
    period_start date not null,
    code text not null,
    item text not null,
    reason text not null check (reason <> ''),
    expires_on date not null,
    waived_by text not null,
    waived_at timestamptz not null,
    foreign key (entity_code, period_start) references ledger.period
);

create function ledger.check_role(p_role text) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    if not ledger.holds_role(ledger.policy_id(), ledger.short_login(session_user), p_role) then
        raise exception 'TIEOUT ROLE: % does not hold the role %', session_user, p_role;
    end if;
end $$;

create function ledger.guard_waiver() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_person();
    perform ledger.check_role((select waiver_role from ledger.policy
                               where policy_id = ledger.policy_id()));
    if new.expires_on < ledger.today() then
        raise exception 'TIEOUT EXPIRED: a waiver ends on a day to come';
    end if;
    new.waived_by := session_user;
    new.waived_at := clock_timestamp();
    return new;
end $$;
create trigger guard before insert on ledger.close_waiver
    for each row execute function ledger.guard_waiver();
create function ledger.audit_waiver() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('waive', null, null, null, to_jsonb(new) - 'waived_at');
    return null;
end $$;
create trigger audit after insert on ledger.close_waiver
    for each row execute function ledger.audit_waiver();

-- The request: the period as it stands, and where the act leads.
create function ledger.fill_request(inout new ledger.period_act) returns ledger.period_act
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    select own_status into new.from_status from ledger.period
    where entity_code = new.entity_code and period_start = new.period_start for update;
    new.to_status := case new.act when 'soft_close' then 'soft' when 'close' then 'closed'
                                  else 'open' end;
    if new.from_status is null then
        raise exception 'TIEOUT PERIOD: % has no period that begins on %',
            new.entity_code, new.period_start;
    elsif (new.act, new.from_status) not in (('soft_close', 'open'), ('close', 'open'),
            ('close', 'soft'), ('reopen', 'soft'), ('reopen', 'closed')) then
        raise exception 'TIEOUT PERIOD: the period is %', new.from_status;
    end if;
end $$;
-- The decision: by somebody else who holds the role, on the period as it was when asked.
create function ledger.fill_decision(inout new ledger.period_act) returns ledger.period_act
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    asked ledger.period_act;
    status text;
    blocking text;
begin
    select * into asked from ledger.period_act
    where act_id = new.request_id and step = 'request' for update;
    if not found then
        raise exception 'TIEOUT NO_REQUEST: there is no request %', new.request_id;
    end if;
    select asked.act, asked.entity_code, asked.period_start, asked.from_status, asked.to_status
    into new.act, new.entity_code, new.period_start, new.from_status, new.to_status;
    select own_status into status from ledger.period
    where entity_code = asked.entity_code and period_start = asked.period_start for update;
    if asked.actor = session_user then
        raise exception 'TIEOUT SAME_PERSON: who asks for an act on a period does not decide it';
    end if;
    perform ledger.check_role((select period_role from ledger.policy
                               where policy_id = ledger.policy_id()));
    if new.step = 'approve' and status <> asked.from_status then
        raise exception 'TIEOUT PERIOD: the period is % by now', status;
    elsif new.step = 'approve' and new.act = 'close' then
        select string_agg(code || ' ' || count, ', ' order by code) into blocking
        from (select code, count(*) as count from ledger.close_blocker(asked.entity_code,
                  asked.period_start, asked.actor) where waiver_id is null group by code) as open;
        if blocking is not null then
            raise exception 'TIEOUT BLOCKED: the period does not close: %', blocking;
        end if;
        new.waivers := array(select waiver_id from ledger.close_blocker(asked.entity_code,
            asked.period_start, asked.actor) order by waiver_id);
        new.build_id := ledger.closing_build(asked.entity_code, asked.period_start);
    end if;
end $$;

create function ledger.guard_period_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_person();
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    new.made_by_xid := pg_current_xact_id();
    new.build_id := null;
    new.waivers := '{}';
    if coalesce(new.reason, '') = '' then
        raise exception 'TIEOUT REASON: closing and reopening need a reason';
    elsif new.request_id is null then
        return ledger.fill_request(new);
    end if;
    return ledger.fill_decision(new);
end $$;
create trigger guard before insert on ledger.period_act
    for each row execute function ledger.guard_period_act();
create function ledger.audit_period_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('period act', null, new.from_status, new.to_status,
        to_jsonb(new) - 'acted_at');
    return null;
end $$;
create trigger audit after insert on ledger.period_act
    for each row execute function ledger.audit_period_act();

-- Not even the owner moves our status of a period without a decision of the same transaction.
create function ledger.guard_period() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        if new.own_status <> 'open' then
            raise exception 'TIEOUT PERIOD_ACT: a period begins open';
        end if;
    elsif (new.entity_code, new.period_start) <> (old.entity_code, old.period_start) then
        raise exception 'TIEOUT IMMUTABLE: a period keeps its entity and first day';
    elsif new.own_status <> old.own_status and not exists (
        select from ledger.period_act
        where made_by_xid = pg_current_xact_id() and step = 'approve'
          and (entity_code, period_start, from_status, to_status)
              = (old.entity_code, old.period_start, old.own_status, new.own_status)) then
        raise exception 'TIEOUT PERIOD_ACT: nobody decided that the period is %', new.own_status;
    end if;
    return new;
end $$;
create trigger guard before insert or update on ledger.period
    for each row execute function ledger.guard_period();
do $$
declare
    name text;
begin
    foreach name in array array['period_act', 'close_waiver'] loop
        execute format('create trigger keep before update or delete or truncate on ledger.%I '
            'for each statement execute function ops.refuse_change()', name);
    end loop;
end $$;

-- What people call. Asking returns the number that is decided on.
create function ledger.request_period(
    p_entity text, p_start date, p_act text, p_reason text
) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.period_act (step, act, entity_code, period_start, reason)
    values ('request', p_act, p_entity, p_start, p_reason) returning act_id
$$;
-- Reopening voids the certificates of the builds whose as-of date lies in the period, and the one
-- that the close stood on.
create function ledger.decide_period(p_request_id bigint, p_accepts boolean, p_reason text)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made ledger.period_act;
begin
    insert into ledger.period_act (request_id, step, reason)
    values (p_request_id, case when p_accepts then 'approve' else 'refuse' end, p_reason)
    returning * into made;
    if not p_accepts then
        return made.from_status;
    end if;
    update ledger.period set own_status = made.to_status
    where entity_code = made.entity_code and period_start = made.period_start;
    if made.act = 'reopen' then
        update ops.certificate set voided_at = clock_timestamp(), void_reason = 'period reopened'
        where voided_at is null and (build_id in (
            select build.build_id from ops.build as build
            join ledger.period as period on build.as_of_date
                between period.period_start and period.period_end
            where period.entity_code = made.entity_code
              and period.period_start = made.period_start)
            or build_id in (
                select closed.build_id from ledger.period_act as closed
                where closed.entity_code = made.entity_code
                  and closed.period_start = made.period_start));
    end if;
    return made.to_status;
end $$;
create function ledger.waive_blocker(
    p_entity text, p_start date, p_code text, p_item text, p_reason text, p_expires_on date
) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.close_waiver (entity_code, period_start, code, item, reason, expires_on)
    values (p_entity, p_start, p_code, p_item, p_reason, p_expires_on) returning waiver_id
$$;
drop function ledger.set_period(text, date, text, text);
