-- Deciding: who approves a request does so under a limit of the policy in force, which his act
-- keeps, and where a role is asked for one of those who approved holds it.
alter table ledger.request_act
    add column policy_id bigint references ledger.policy,   -- null: of before limits on requests
    add column limit_id text,
    add column account_amount numeric(18, 2),
    add column day_amount numeric(18, 2),
    add foreign key (policy_id, limit_id) references ledger.policy_request_limit;

-- What a limit looks at: the request with those approved for the same account (where there is
-- none, the same subject) within the days of the policy, and with those of the same maker within
-- 24 hours; both among requests that take from the same balance.
create function ledger.request_measure(p_request_id bigint)
returns table (account_amount numeric, day_amount numeric)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with placed as (
        select request.*, coalesce(kind.room_account, request.event) as family
        from ledger.request_state as request join ledger.request_kind as kind using (event)
    ),
    held as (select * from placed where request_id = p_request_id)
    select held.amount + coalesce(sum(other.amount) filter (
               where coalesce(other.account_key, other.subject_key)
                     = coalesce(held.account_key, held.subject_key)
                 and other.decided_at > clock_timestamp() - make_interval(days => (
                     select days from ledger.policy_request
                     where policy_id = ledger.policy_id()))), 0),
           held.amount + coalesce(sum(other.amount) filter (
               where other.requested_by = held.requested_by
                 and other.decided_at > clock_timestamp() - interval '24 hours'), 0)
    from held left join placed as other
        on other.entity_code = held.entity_code and other.family = held.family
       and other.request_id <> held.request_id and other.state = 'approved'
    group by held.amount
$$;

-- The limits on requests of an event that a login may use. Where a row of a role names the event,
-- those of that role for all events do not count.
create function ledger.request_limits_of(p_login name, p_event text)
returns setof ledger.policy_request_limit
language sql stable set search_path = pg_catalog, pg_temp as $$
    with mine as (
        select allowed.* from ledger.policy_request_limit as allowed
        where allowed.policy_id = ledger.policy_id()
          and (allowed.events is null or p_event = any(allowed.events))
          and ledger.holds_role(allowed.policy_id, ledger.short_login(p_login), allowed.role)
    )
    select * from mine where events is not null or not exists (
        select from mine as named where named.role = mine.role and named.events is not null)
$$;

-- The roles that a request still waits for: that of its class, and that of another tender.
create function ledger.request_roles(p_request_id bigint) returns setof text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select wanted.role from (
        select class.includes_role as role
        from ledger.request_state as request
        join ledger.approval_class as class using (approval_class)
        where request.request_id = p_request_id
        union
        select policy.other_tender_role
        from ledger.request join ledger.policy_request as policy
            on policy.policy_id = ledger.policy_id()
        where request_id = p_request_id and other_tender_reason is not null
    ) as wanted
    where wanted.role is not null and not exists (
        select from ledger.request_act as done
        where done.request_id = p_request_id and done.act = 'approved'
          and ledger.holds_role(coalesce(done.policy_id, ledger.policy_id()),
              ledger.short_login(done.actor::name), wanted.role))
$$;

-- The act with the limit that allows it and what was measured; refused where none does.
create function ledger.allowed_act(given ledger.request_act, p_event text)
returns ledger.request_act
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    rule record;
begin
    given.policy_id := ledger.policy_id();
    select * into given.account_amount, given.day_amount
    from ledger.request_measure(given.request_id);
    select allowed.limit_id,
           case when given.account_amount > allowed.amount
                    then 'the account''s requests exceed ' || allowed.limit_id
                when given.day_amount > allowed.day_amount
                    then '24 hours of one maker exceed ' || allowed.limit_id end as problem
    into rule
    from ledger.request_limits_of(session_user, p_event) as allowed
    order by problem nulls first, allowed.limit_id limit 1;
    if rule.limit_id is null then
        raise exception 'TIEOUT LIMIT: no limit lets % decide on %', session_user, p_event;
    elsif rule.problem is not null then
        raise exception 'TIEOUT LIMIT: request %: %', given.request_id, rule.problem;
    end if;
    given.limit_id := rule.limit_id;
    return given;
end $$;

create or replace function ledger.guard_request_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held record;
    lacking text;
begin
    perform pg_advisory_xact_lock(7103005);   -- two who decide do not overlook each other
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
    if new.act = 'approved' then
        new := ledger.allowed_act(new, held.event);
        select min(wanted) into lacking from ledger.request_roles(new.request_id) as wanted
        where not ledger.holds_role(new.policy_id, ledger.short_login(session_user), wanted);
        if lacking is not null and held.approvals + 1 >= held.needed then
            raise exception 'TIEOUT ROLE: request % waits for a %', new.request_id, lacking;
        end if;
    end if;
    return new;
end $$;

create or replace function ledger.audit_request_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('request ' || new.act, null, 'open', new.act,
        jsonb_strip_nulls(jsonb_build_object(
            'request_id', new.request_id, 'content_hash', new.content_hash,
            'policy_id', new.policy_id, 'limit_id', new.limit_id,
            'account_amount', new.account_amount, 'day_amount', new.day_amount)));
    return null;
end $$;

-- As before, and an act names the limit and the measures that the audit has of it, and keeps it.
create or replace function ledger.verify_requests() returns table (request_id bigint, problem text)
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
       and (audit.detail ->> 'policy_id', audit.detail ->> 'limit_id',
            (audit.detail ->> 'account_amount')::numeric, (audit.detail ->> 'day_amount')::numeric)
           is not distinct from
           (act.policy_id::text, act.limit_id, act.account_amount, act.day_amount)
    left join ledger.policy_request_limit as allowed using (policy_id, limit_id)
    where audit.seq is null or act.account_amount > allowed.amount
       or act.day_amount > allowed.day_amount
$$;

-- For review: entries with refunds that went another way than the money came.
create function ledger.test_other_tender()
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id, sum(request.amount),
           string_agg(format('request %s: %s to %s by %s', request.request_id, request.amount,
               request.payee, request.tender), ', ' order by request.request_id)
    from ledger.tested_entry as entry
    join (select distinct entry_id, event_id from ledger.entry_event) as event using (entry_id)
    join ledger.request_event as link using (event_id)
    join ledger.request as request using (request_id)
    where request.other_tender_reason is not null
    group by entry.entry_id order by entry.entry_id
$$;

revoke all on all functions in schema ledger from public;
grant select on ledger.request_line, ledger.request_event
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor,
    :prefix_biller;
grant select on ledger.manual_line
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
grant execute on function ledger.ask(text, text, text, numeric, text, text, text, bigint, text,
    text, text, text),
    ledger.ask_entry(text, date, jsonb, text, text, boolean, bigint, text, bigint, text)
    to :prefix_biller;
grant execute on function ledger.test_other_tender() to :prefix_auditor;
