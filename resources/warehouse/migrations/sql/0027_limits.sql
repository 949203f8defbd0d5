-- Limits at the moment of signing: each approval names the version of the policy, the limit or
-- delegation that allowed it and what was measured, and the database works all of it out again.
alter table ledger.approval
    add column policy_id bigint references ledger.policy,   -- null: signed before policy was kept
    add column policy_version text,
    add column limit_id text,
    add column delegation_id text,
    add column authority text,                -- whose power it was: the signer's, or who delegated
    add column event_amount numeric(14, 2),
    add column entry_amount numeric(14, 2),
    add column account_day_amount numeric(18, 2),
    add foreign key (policy_id, limit_id) references ledger.policy_limit,
    add foreign key (policy_id, delegation_id) references ledger.policy_delegation;
-- Who signed for himself does not sign again through somebody else.
create unique index one_authority_each on ledger.approval (entry_id, authority)
    where voided_at is null;

-- What a maker moved on an account in the last 24 hours, as far as somebody signed it.
drop function ledger.account_day(text, text, text);
create function ledger.account_day(
    p_maker text, p_entity_code text, p_account text, p_but bigint[] default '{}'
) returns numeric
language sql stable set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(line.debit_amount + line.credit_amount), 0)
    from ledger.entry as entry join ledger.entry_line as line using (entry_id)
    where (entry.state in ('approved', 'sending', 'unknown', 'posted')
           or (entry.state = 'proposed' and exists (
                select from ledger.approval as signature
                where signature.entry_id = entry.entry_id and signature.voided_at is null)))
      and entry.proposed_by = p_maker and entry.entity_code = p_entity_code
      and entry.proposed_at > clock_timestamp() - interval '24 hours'
      and entry.entry_id <> all(p_but)
      and line.account = p_account
$$;
create function ledger.today() returns date
language sql stable set search_path = pg_catalog, pg_temp as $$
    select (clock_timestamp() at time zone 'UTC')::date
$$;

-- The limits that a login may use for a class on a day: his own, and those of whoever delegated
-- to him. Where a person is named, the rows of his roles do not count.
create function ledger.limits_of(p_login name, p_class text, p_on date)
returns table (limit_id text, delegation_id text, authority text, event_amount numeric,
               entry_amount numeric, account_day_amount numeric)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with own as (select ledger.policy_id() as policy_id, ledger.short_login(p_login) as login),
    power as (
        select null::text as delegation_id, own.login, own.policy_id from own
        union all
        select given.delegation_id, given.from_login, own.policy_id
        from own join ledger.policy_delegation as given using (policy_id)
        where given.to_login = own.login and p_class = any(given.approval_classes)
          and p_on between given.effective_from and given.effective_to
          and ledger.basis_of(ledger.full_login(given.from_login)) = 'person'
          and not ledger.in_conflict(own.policy_id,
              ledger.roles_of(own.policy_id, own.login)
              || ledger.roles_of(own.policy_id, given.from_login))
    ),
    standing as (
        select allowed.*, power.delegation_id, power.login
        from power join ledger.policy_limit as allowed using (policy_id)
        where (allowed.person = power.login
               or ledger.holds_role(power.policy_id, power.login, allowed.role))
          and (allowed.approval_classes is null or p_class = any(allowed.approval_classes))
          and p_on >= allowed.effective_from
          and p_on <= coalesce(allowed.effective_to, 'infinity'::date)
          -- The policy login is a member of the approvers to reach their tables, not their limits.
          and (allowed.role is not distinct from 'policy') = (power.login = 'policy')
    )
    select row.limit_id, row.delegation_id, row.login, row.event_amount, row.entry_amount,
           row.account_day_amount
    from standing as row
    where row.person is not null or not exists (
        select from standing as named
        where named.login = row.login and named.person is not null)
$$;

-- Why one limit does not allow what was measured; null when it does.
create function ledger.limit_problem(
    p_event numeric, p_entry numeric, p_day numeric,
    p_event_limit numeric, p_entry_limit numeric, p_day_limit numeric
) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case when p_event > p_event_limit then 'one event exceeds the %s limit'
                when p_entry > p_entry_limit then 'the entry exceeds the %s limit'
                when p_day > p_day_limit
                    then '24 hours of one maker on one account exceed the %s limit' end
$$;

create function ledger.event_amount(p_entry_id bigint) returns numeric
language sql stable set search_path = pg_catalog, pg_temp as $$
    select max(abs(signed_amount)) from ledger.entry_event where entry_id = p_entry_id
$$;
-- The largest 24 hours of one account that an entry touches, the entry itself included.
create function ledger.day_amount(p_entry_id bigint) returns numeric
language sql stable set search_path = pg_catalog, pg_temp as $$
    select max(line.amount + ledger.account_day(entry.proposed_by, entry.entity_code,
                   line.account, array[p_entry_id]))
    from ledger.entry as entry cross join lateral (
        select account, sum(debit_amount + credit_amount) as amount
        from ledger.entry_line where entry_id = entry.entry_id group by account) as line
    where entry.entry_id = p_entry_id
$$;

-- As before, and: the policy is the newest one, nobody signs under a policy that he loaded or with
-- roles that conflict. An approved entry takes a further signature when its period closed softly.
create or replace function ledger.guard_approval() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
begin
    if tg_op = 'UPDATE' then
        if old.voided_at is not null or new.voided_at is null
           or (to_jsonb(new) - 'voided_at') <> (to_jsonb(old) - 'voided_at') then
            raise exception 'TIEOUT IMMUTABLE: a signature is voided once and never changed';
        end if;
        return new;
    end if;
    select * into held from ledger.entry where entry_id = new.entry_id for update;
    new.approver := session_user;
    new.basis := ledger.basis_of(session_user);
    new.approved_at := clock_timestamp();
    new.voided_at := null;
    new.policy_id := ledger.policy_id();
    select policy_version into new.policy_version from ledger.policy
    where policy_id = new.policy_id;
    new.authority := coalesce((select from_login from ledger.policy_delegation
        where policy_id = new.policy_id and delegation_id = new.delegation_id),
        ledger.short_login(session_user));
    if new.basis is null then
        raise exception 'TIEOUT NOT_AN_APPROVER: % may not approve', session_user;
    elsif held.proposed_by in (session_user, ledger.full_login(new.authority)) then
        raise exception 'TIEOUT SELF_APPROVAL: who made an entry does not approve it';
    elsif held.state <> 'proposed' and not (held.state = 'approved'
            and ledger.is_soft(held.entity_code, held.accounting_date)) then
        raise exception 'TIEOUT STATE: entry % is %', held.entry_id, held.state;
    elsif new.content_hash <> held.content_hash
        or ledger.entry_problem(held.entry_id) is not null then
        raise exception 'TIEOUT CONTENT: entry % is not what was seen', held.entry_id;
    elsif exists (select from ledger.policy where policy_id = new.policy_id
                  and loaded_by = session_user) or ledger.in_conflict(new.policy_id,
            ledger.roles_of(new.policy_id, ledger.short_login(session_user))) then
        raise exception 'TIEOUT CONFLICT: % holds what excludes signing', session_user;
    end if;
    return new;
end $$;

-- The limit itself, for all signatures of a statement together, so that many small ones count as
-- what they are. Two sessions that sign wait for each other: neither overlooks the other.
create function ledger.guard_limits() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    wrong record;
begin
    perform pg_advisory_xact_lock(7103003);
    with signed as materialized (
        select added.*, entry.proposed_by, entry.entity_code, entry.approval_class,
               entry.gross_amount
        from added join ledger.entry as entry using (entry_id)
    ),
    moved as materialized (
        select signed.approval_id, signed.proposed_by, signed.entity_code, line.account,
               sum(line.debit_amount + line.credit_amount) as amount
        from signed join ledger.entry_line as line using (entry_id)
        group by signed.approval_id, signed.proposed_by, signed.entity_code, line.account
    ),
    day as materialized (
        select proposed_by, entity_code, account, ledger.account_day(proposed_by, entity_code,
                   account, array(select entry_id from signed)) as already
        from (select distinct proposed_by, entity_code, account from moved) as asked
    ),
    total as (
        select approval_id, max(amount) as day_amount from (
            select moved.approval_id, day.already + sum(moved.amount) over (
                partition by moved.proposed_by, moved.entity_code, moved.account
                order by moved.approval_id) as amount
            from moved join day using (proposed_by, entity_code, account)) as running
        group by approval_id
    ),
    allowed as materialized (
        select class.approval_class, rule.*
        from (select distinct approval_class from signed) as class
        cross join lateral ledger.limits_of(session_user, class.approval_class, ledger.today())
            as rule
    )
    select signed.entry_id, case
        when allowed.limit_id is null then 'RULE'
        when signed.event_amount is distinct from ledger.event_amount(signed.entry_id)
          or signed.entry_amount is distinct from signed.gross_amount
          or signed.account_day_amount is null
          or signed.account_day_amount < total.day_amount then 'MEASURE'
        else 'LIMIT' end as code
    into wrong
    from signed join total using (approval_id)
    left join allowed on allowed.approval_class = signed.approval_class
        and allowed.limit_id = signed.limit_id
        and allowed.delegation_id is not distinct from signed.delegation_id
    where allowed.limit_id is null
       or signed.event_amount is distinct from ledger.event_amount(signed.entry_id)
       or signed.entry_amount is distinct from signed.gross_amount
       or signed.account_day_amount is null or signed.account_day_amount < total.day_amount
       or ledger.limit_problem(signed.event_amount, signed.entry_amount,
           signed.account_day_amount, allowed.event_amount, allowed.entry_amount,
           allowed.account_day_amount) is not null
    limit 1;
    if found then
        raise exception 'TIEOUT LIMIT: entry % is beyond the limit that was named (%)',
            wrong.entry_id, wrong.code;
    end if;
    return null;
end $$;
create trigger limits after insert on ledger.approval referencing new table as added
    for each statement execute function ledger.guard_limits();

create or replace function ledger.audit_approval() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit(case when tg_op = 'INSERT' then 'sign' else 'void signature' end,
        new.entry_id, null, null, jsonb_strip_nulls(jsonb_build_object(
            'approval_id', new.approval_id, 'basis', new.basis, 'approver', new.approver,
            'content_hash', new.content_hash, 'policy_version', new.policy_version,
            'limit_id', new.limit_id, 'delegation_id', new.delegation_id,
            'authority', new.authority, 'event_amount', new.event_amount,
            'entry_amount', new.entry_amount, 'account_day_amount', new.account_day_amount)));
    return null;
end $$;
