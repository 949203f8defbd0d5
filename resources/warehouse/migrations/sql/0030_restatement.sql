-- A changed rule works from its effective date on. Where it would work backwards, on recorded
-- evidence that has not changed, it waits for an order: one person asks, another decides, and the
-- order carries the hash of the journal difference, which is compared when it is carried out.

create table ledger.restatement_order (
    order_id bigint generated always as identity primary key,
    what_if_hash text not null check (what_if_hash ~ '^[0-9a-f]{64}$'),
    rules text[] not null check (cardinality(rules) > 0),
    reason text not null check (length(btrim(reason)) between 10 and 500),
    content_hash text not null,
    asked_by text not null,
    asked_at timestamptz not null
);
create table ledger.restatement_act (
    order_id bigint primary key references ledger.restatement_order,   -- decided once
    act text not null check (act in ('approved', 'refused')),
    content_hash text not null,
    reason text,
    actor text not null,
    acted_at timestamptz not null
);
-- What an order let through when its hash was met. It holds for the event as it was recorded then:
-- once something of it is recorded anew, another change of the rule needs another order.
create table ledger.restatement_event (
    order_id bigint not null references ledger.restatement_order,
    event_id text not null,
    rule text not null,
    from_version text not null,
    to_version text not null,
    after_entry_id bigint not null,
    primary key (event_id, after_entry_id, to_version)
);
create index on ledger.restatement_event (order_id);
-- Derived: what the newest proposal left out, as the journal difference that an order is about.
create table ledger.restatement_hold (
    entity_code text not null,
    account text not null,
    period text not null,                     -- YYYY-MM of the events
    event text not null,
    rule text not null,
    amount numeric(14, 2) not null check (amount <> 0),
    primary key (entity_code, account, period, event, rule)
);

create function ledger.restatement_content(held ledger.restatement_order) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), held.what_if_hash,
        array_to_string(held.rules, ','), held.reason, held.asked_by), 'UTF8')), 'hex')
$$;
create view ledger.restatement_state as
select asked.*, case when done.events is not null then 'carried out'
                     else coalesce(act.act, 'open') end as state,
       act.actor as decided_by, act.acted_at as decided_at, act.reason as decision_reason,
       coalesce(done.events, 0) as events
from ledger.restatement_order as asked
left join ledger.restatement_act as act using (order_id)
left join (select order_id, count(*) as events from ledger.restatement_event
           group by order_id) as done using (order_id);

-- `tieout policy what-if` hashes the difference in the same words.
create function ledger.restatement_hash(p_rules text[]) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(coalesce(string_agg(
        concat_ws('|', entity_code, account, period, event, amount::text), chr(10)
        order by entity_code collate "C", account collate "C", period collate "C",
                 event collate "C"), ''), 'UTF8')), 'hex')
    from (select entity_code, account, period, event, sum(amount) as amount
          from ledger.restatement_hold where rule = any(p_rules)
          group by entity_code, account, period, event having sum(amount) <> 0) as held
$$;

create function ledger.guard_restatement_order() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_person();
    new.asked_by := session_user;
    new.asked_at := clock_timestamp();
    new.rules := array(select distinct rule from unnest(new.rules) as rule order by rule);
    new.content_hash := ledger.restatement_content(new);
    return new;
end $$;
create trigger guard before insert on ledger.restatement_order
    for each row execute function ledger.guard_restatement_order();

create function ledger.guard_restatement_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.restatement_order;
begin
    perform ledger.check_person();
    select * into held from ledger.restatement_order where order_id = new.order_id for update;
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    if held.order_id is null then
        raise exception 'TIEOUT NO_ORDER: there is no restatement order %', new.order_id;
    elsif exists (select from ledger.restatement_act where order_id = new.order_id) then
        raise exception 'TIEOUT STATE: restatement order % is decided', new.order_id;
    elsif held.asked_by = session_user then
        raise exception 'TIEOUT SELF_APPROVAL: who asks for a restatement does not decide it';
    elsif new.content_hash is distinct from held.content_hash
        or ledger.restatement_content(held) <> held.content_hash then
        raise exception 'TIEOUT CONTENT: restatement order % is not what was seen', new.order_id;
    elsif new.act = 'refused' and coalesce(btrim(new.reason), '') = '' then
        raise exception 'TIEOUT REASON: a refusal needs a reason';
    end if;
    perform ledger.check_role(coalesce((select includes_role from ledger.approval_class
        where approval_class = 'restatement'), 'approver'));
    return new;
end $$;
create trigger guard before insert on ledger.restatement_act
    for each row execute function ledger.guard_restatement_act();

-- Proposing alone says what is held and lets it through: not even the owner in another session.
create function ledger.is_preparer(p_login name) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select p_login = ':prefix_preparer' or exists (
        select from pg_auth_members as membership
        join pg_roles as grp on grp.oid = membership.roleid
        join pg_roles as login on login.oid = membership.member
        where grp.rolname = ':prefix_preparer' and login.rolname = p_login)
$$;
create function ledger.guard_restating() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not ledger.is_preparer(session_user) then
        raise exception 'TIEOUT IMMUTABLE: what is restated is said by proposing alone';
    end if;
    return null;
end $$;
create trigger guard before insert or update or delete on ledger.restatement_hold
    for each statement execute function ledger.guard_restating();
create trigger guard before insert on ledger.restatement_event
    for each statement execute function ledger.guard_restating();

-- An order is approved, its hash is met at this moment, and it is carried out once.
create function ledger.check_restated() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    done record;
begin
    for done in
        select order_id, count(*) as events, encode(sha256(convert_to(string_agg(concat_ws('|',
                   event_id, rule, from_version, to_version, after_entry_id::text), chr(10)
                   order by event_id collate "C", after_entry_id), 'UTF8')), 'hex') as events_hash
        from added group by order_id
    loop
        if not exists (select from ledger.restatement_act
                       where order_id = done.order_id and act = 'approved') then
            raise exception 'TIEOUT UNAPPROVED: restatement order % is not approved',
                done.order_id;
        elsif exists (select from added join ledger.restatement_order using (order_id)
                      where order_id = done.order_id and rule <> all(rules))
            or (select what_if_hash <> ledger.restatement_hash(rules)
                from ledger.restatement_order where order_id = done.order_id) then
            raise exception 'TIEOUT CONTENT: restatement order % is about something else',
                done.order_id;
        elsif (select count(*) from ledger.restatement_event
               where order_id = done.order_id) > done.events then
            raise exception 'TIEOUT STATE: restatement order % was carried out', done.order_id;
        end if;
        perform ledger.write_audit('restate', null, 'approved', 'carried out',
            jsonb_build_object('order_id', done.order_id, 'events', done.events,
                'events_hash', done.events_hash));
    end loop;
    return null;
end $$;
create trigger check_restated after insert on ledger.restatement_event
    referencing new table as added for each statement execute function ledger.check_restated();

create function ledger.audit_restatement_order() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('ask restatement', null, null, 'open',
        to_jsonb(new) - 'asked_at');
    return null;
end $$;
create trigger audit after insert on ledger.restatement_order
    for each row execute function ledger.audit_restatement_order();
create function ledger.audit_restatement_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('decide restatement', null, 'open', new.act,
        to_jsonb(new) - 'acted_at');
    return null;
end $$;
create trigger audit after insert on ledger.restatement_act
    for each row execute function ledger.audit_restatement_act();
do $$
declare
    name text;
begin
    foreach name in array array['restatement_order', 'restatement_act', 'restatement_event'] loop
        execute format('create trigger keep before update or delete or truncate on ledger.%I '
            'for each statement execute function ops.refuse_change()', name);
    end loop;
end $$;
create trigger keep before truncate on ledger.restatement_hold
    for each statement execute function ops.refuse_change();

create function ledger.ask_restatement(p_what_if_hash text, p_rules text[], p_reason text)
returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.restatement_order
        (what_if_hash, rules, reason, content_hash, asked_by, asked_at)
    values (p_what_if_hash, p_rules, p_reason, '', session_user, clock_timestamp())
    returning order_id
$$;
create function ledger.decide_restatement(
    p_order_id bigint, p_act text, p_content_hash text, p_reason text default null
) returns text
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ledger.restatement_act (order_id, act, content_hash, reason, actor, acted_at)
    values (p_order_id, p_act, p_content_hash, p_reason, session_user, clock_timestamp())
    returning act
$$;

-- Orders, decisions and what was carried out that do not equal what was audited.
create function ledger.verify_restatements() returns table (order_id bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(asked.order_id, (audit.detail ->> 'order_id')::bigint), 'ORDER'
    from ledger.restatement_order as asked
    full join (select * from ledger.audit where action = 'ask restatement') as audit
        on audit.detail ->> 'order_id' = asked.order_id::text
    where (to_jsonb(asked) - 'asked_at') is distinct from audit.detail
       or ledger.restatement_content(asked) <> asked.content_hash
    union all
    select coalesce(done.order_id, (audit.detail ->> 'order_id')::bigint), 'DECISION'
    from ledger.restatement_act as done
    full join (select * from ledger.audit where action = 'decide restatement') as audit
        on audit.detail ->> 'order_id' = done.order_id::text
    where (to_jsonb(done) - 'acted_at') is distinct from audit.detail
       or exists (select from ledger.restatement_order as asked
                  where asked.order_id = done.order_id and asked.asked_by = done.actor)
    union all
    select coalesce(let.order_id, (audit.detail ->> 'order_id')::bigint), 'EVENTS'
    from (
        select order_id, encode(sha256(convert_to(string_agg(concat_ws('|', event_id, rule,
                   from_version, to_version, after_entry_id::text), chr(10)
                   order by event_id collate "C", after_entry_id), 'UTF8')), 'hex') as events_hash
        from ledger.restatement_event group by order_id) as let
    full join (select * from ledger.audit where action = 'restate') as audit
        on audit.detail ->> 'order_id' = let.order_id::text
    where audit.detail ->> 'events_hash' is distinct from let.events_hash
       or not exists (select from ledger.restatement_act as done
                      where done.order_id = let.order_id and done.act = 'approved')
$$;
