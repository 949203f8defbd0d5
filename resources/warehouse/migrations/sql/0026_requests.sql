-- Governed requests: refunds, write-offs, charity, small balances, plans, reclassifications. One
-- person asks with a reason, another decides on what he saw; what is approved is evidence for an
-- event of the posting rules, like a received record. Everything here is append-only.

create table ledger.request_kind (      -- loaded from the posting rules: those that are decided
    event text primary key,
    rule text not null,
    approval_class text not null,
    subject text not null check (subject in ('account', 'claim', 'reference')),
    room_account text,                  -- the balance that the request takes away from
    room_sign integer check (room_sign in (1, -1)),   -- 1: a debit balance, -1: a credit balance
    check ((room_account is null) = (room_sign is null))
);

create table ledger.request (
    request_id bigint generated always as identity primary key,
    event text not null references ledger.request_kind,
    entity_code text not null references ops.entity,
    subject_key text not null check (subject_key <> ''),   -- keyed hash, or a reference of ours
    amount numeric(14, 2) not null check (amount > 0),
    reason text not null check (length(btrim(reason)) between 10 and 500),
    attachment_sha256 text check (attachment_sha256 ~ '^[0-9a-f]{64}$'),
    tender text check (tender in ('card', 'cheque', 'ach')),
    content_hash text not null,
    requested_by text not null,
    requested_at timestamptz not null
);
create index on ledger.request (entity_code, subject_key);

create table ledger.request_act (
    act_id bigint generated always as identity primary key,
    request_id bigint not null references ledger.request,
    act text not null check (act in ('approved', 'refused', 'withdrawn')),
    content_hash text not null,
    reason text,
    actor text not null,
    acted_at timestamptz not null,
    decided_date date not null,
    unique (request_id, actor)
);

create function ledger.request_hash(held ledger.request) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), held.event, held.entity_code,
        held.subject_key, held.amount::text, held.reason, coalesce(held.attachment_sha256, ''),
        coalesce(held.tender, ''), held.requested_by), 'UTF8')), 'hex')
$$;

-- How many signatures a request needs: those of its class, and one at least.
create view ledger.request_state as
select
    request.*, kind.rule, kind.approval_class, kind.subject,
    greatest(coalesce(class.signatures, 1), 1) as needed,
    coalesce(acts.approvals, 0) as approvals,
    case
        when acts.is_ended then acts.ended_as
        when coalesce(acts.approvals, 0) >= greatest(coalesce(class.signatures, 1), 1)
            then 'approved'
        else 'open'
    end as state,
    acts.decided_date, acts.decided_at
from ledger.request as request
join ledger.request_kind as kind using (event)
left join ledger.approval_class as class using (approval_class)
left join (
    select request_id,
           count(*) filter (where act = 'approved') as approvals,
           bool_or(act <> 'approved') as is_ended,
           max(act) filter (where act <> 'approved') as ended_as,
           max(decided_date) as decided_date, max(acted_at) as decided_at
    from ledger.request_act group by request_id
) as acts using (request_id);

-- What is left of the balance that requests of a subject take from: the books without requests,
-- less what open and approved requests take already. Null where there is no such balance.
create function ledger.request_room(p_event text, p_entity text, p_subject_key text)
returns numeric
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    kind ledger.request_kind;
    balance numeric;
    taken numeric;
begin
    select * into kind from ledger.request_kind where event = p_event;
    if kind.room_account is null then
        return null;
    end if;
    select coalesce(sum(signed_amount), 0) * kind.room_sign into balance
    from marts.fct_ledger_line
    where account = kind.room_account and entity_code = p_entity
      and case kind.subject when 'account' then account_key when 'claim' then claim_key
               else control_key end = p_subject_key
      and event not in (select event from ledger.request_kind);
    select coalesce(sum(request.amount), 0) into taken
    from ledger.request_state as request join ledger.request_kind as other using (event)
    where request.entity_code = p_entity and request.subject_key = p_subject_key
      and request.state in ('open', 'approved') and other.room_account = kind.room_account
      and other.room_sign = kind.room_sign;
    return balance - taken;
end $$;

create function ledger.guard_request() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    room numeric;
begin
    perform pg_advisory_xact_lock(hashtextextended(new.entity_code || new.subject_key, 7103));
    new.requested_by := session_user;
    new.requested_at := clock_timestamp();
    new.content_hash := ledger.request_hash(new);
    room := ledger.request_room(new.event, new.entity_code, new.subject_key);
    if exists (
        select from ledger.request_state as other
        where other.event = new.event and other.entity_code = new.entity_code
          and other.subject_key = new.subject_key and other.amount = new.amount
          and other.state in ('open', 'approved')
          and other.requested_at > clock_timestamp() - interval '30 days') then
        raise exception 'TIEOUT DUPLICATE: the same was asked for within the last 30 days';
    elsif new.amount > room then
        raise exception 'TIEOUT EXCEEDS: more than the % that the books leave for it',
            greatest(room, 0);
    end if;
    return new;
end $$;
create trigger guard before insert on ledger.request
    for each row execute function ledger.guard_request();

create function ledger.guard_request_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held record;
begin
    select * into held from ledger.request where request_id = new.request_id for update;
    select * into held from ledger.request_state where request_id = new.request_id;
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    select as_of_date into new.decided_date from ops.installation;
    if held.request_id is null then
        raise exception 'TIEOUT NO_REQUEST: there is no request %', new.request_id;
    elsif held.state <> 'open' then
        raise exception 'TIEOUT STATE: request % is %', new.request_id, held.state;
    elsif new.act = 'withdrawn' and held.requested_by <> session_user then
        raise exception 'TIEOUT NOT_YOURS: who asked withdraws';
    elsif new.act <> 'withdrawn' and ledger.basis_of(session_user) is distinct from 'person' then
        raise exception 'TIEOUT NOT_A_PERSON: % does not act for a person', session_user;
    elsif new.act <> 'withdrawn' and held.requested_by = session_user then
        raise exception 'TIEOUT SELF_APPROVAL: who asks does not decide';
    elsif new.act <> 'withdrawn' and (new.content_hash <> held.content_hash
        or ledger.request_hash((select row from ledger.request as row
                                where row.request_id = new.request_id)) <> held.content_hash) then
        raise exception 'TIEOUT CONTENT: request % is not what was seen', new.request_id;
    elsif new.act = 'refused' and coalesce(btrim(new.reason), '') = '' then
        raise exception 'TIEOUT REASON: a refusal needs a reason';
    end if;
    return new;
end $$;
create trigger guard before insert on ledger.request_act
    for each row execute function ledger.guard_request_act();

create function ledger.audit_request() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('request', null, null, 'open', jsonb_build_object(
        'request_id', new.request_id, 'event', new.event, 'amount', new.amount,
        'content_hash', new.content_hash));
    return null;
end $$;
create trigger audit after insert on ledger.request
    for each row execute function ledger.audit_request();
create function ledger.audit_request_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('request ' || new.act, null, 'open', new.act, jsonb_build_object(
        'request_id', new.request_id, 'content_hash', new.content_hash));
    return null;
end $$;
create trigger audit after insert on ledger.request_act
    for each row execute function ledger.audit_request_act();

create trigger keep before update or delete or truncate on ledger.request
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ledger.request_act
    for each statement execute function ops.refuse_change();

create function ledger.ask(
    p_event text, p_entity text, p_subject_key text, p_amount numeric, p_reason text,
    p_attachment_sha256 text default null, p_tender text default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made bigint;
begin
    perform from ledger.request_kind where event = p_event;
    if not found then
        raise exception 'TIEOUT KIND: nobody decides on %', p_event;
    elsif p_event like 'refund.%' and p_tender is null then
        raise exception 'TIEOUT TENDER: a refund says how it is paid';
    end if;
    insert into ledger.request (event, entity_code, subject_key, amount, reason,
        attachment_sha256, tender, content_hash, requested_by, requested_at)
    values (p_event, p_entity, p_subject_key, p_amount, p_reason, p_attachment_sha256, p_tender,
        '', session_user, clock_timestamp())
    returning request_id into made;
    return made;
end $$;
create function ledger.decide(
    p_request_id bigint, p_act text, p_content_hash text, p_reason text default null
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    now_state text;
begin
    if p_act not in ('approved', 'refused') then
        raise exception 'TIEOUT ACT: a request is approved or refused';
    end if;
    insert into ledger.request_act (request_id, act, content_hash, reason, actor, acted_at,
        decided_date)
    values (p_request_id, p_act, p_content_hash, p_reason, session_user, clock_timestamp(),
        'epoch');
    select state into now_state from ledger.request_state where request_id = p_request_id;
    return now_state;
end $$;
create function ledger.withdraw(p_request_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.request_act (request_id, act, content_hash, actor, acted_at, decided_date)
    values (p_request_id, 'withdrawn', '', session_user, clock_timestamp(), 'epoch');
end $$;

-- Requests and acts that do not equal what was audited.
create function ledger.verify_requests() returns table (request_id bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select request.request_id, case
        when ledger.request_hash(request) <> request.content_hash then 'CONTENT'
        else 'AUDIT' end
    from ledger.request as request
    left join ledger.audit as audit
        on audit.action = 'request'
       and audit.detail ->> 'request_id' = request.request_id::text
    where ledger.request_hash(request) <> request.content_hash
       or audit.detail ->> 'content_hash' is distinct from request.content_hash
       or audit.actor is distinct from request.requested_by
    union all
    select act.request_id, 'ACT'
    from ledger.request_act as act
    left join ledger.audit as audit
        on audit.action = 'request ' || act.act and audit.actor = act.actor
       and audit.detail ->> 'request_id' = act.request_id::text
       and audit.detail ->> 'content_hash' = act.content_hash
    where audit.seq is null
$$;

revoke all on function ledger.request_hash(ledger.request),
    ledger.request_room(text, text, text), ledger.guard_request(), ledger.guard_request_act(),
    ledger.audit_request(), ledger.audit_request_act(),
    ledger.ask(text, text, text, numeric, text, text, text),
    ledger.decide(bigint, text, text, text), ledger.withdraw(bigint), ledger.verify_requests()
    from public;
grant usage on schema ledger, ops to :prefix_biller;
grant select on ledger.request_kind, ledger.request, ledger.request_act, ledger.request_state
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor,
    :prefix_biller;
grant select on ops.entity to :prefix_biller;
grant execute on function ledger.ask(text, text, text, numeric, text, text, text),
    ledger.withdraw(bigint) to :prefix_biller;
grant execute on function ledger.decide(bigint, text, text, text) to :prefix_approver;
grant execute on function ledger.verify_requests()
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
