-- Signing under limits: how a rule is chosen for policy and for a person, and what a class asks
-- beyond a number of signatures.

-- Whether a signature of a role stands on what an entry says today. Signatures from before policy
-- was kept in versions count as any role: they were what was asked then.
create function ledger.has_signature(p_entry_id bigint, p_role text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.approval as signature join ledger.entry as entry using (entry_id)
        where signature.entry_id = p_entry_id and signature.voided_at is null
          and signature.content_hash = entry.content_hash and signature.basis = 'person'
          and (signature.policy_id is null
               or ledger.holds_role(signature.policy_id, signature.authority, p_role)))
$$;
-- The role whose signature an entry still lacks, whatever number of others it has; null: none.
create function ledger.missing_role(p_entry_id bigint) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select min(wanted.role) from (
        select class.includes_role as role
        from ledger.entry as entry join ledger.approval_class as class using (approval_class)
        where entry.entry_id = p_entry_id and class.includes_role is not null
        union all
        select policy.error_role from ledger.policy as policy
        where policy.policy_id = ledger.policy_id() and ledger.is_material_error(p_entry_id)
    ) as wanted
    where not ledger.has_signature(p_entry_id, wanted.role)
$$;

-- Beside the steps that every entry takes: approved means that the right ones signed.
create function ledger.guard_signed() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    lacking text := ledger.missing_role(old.entry_id);
begin
    if lacking is not null then
        raise exception 'TIEOUT UNSIGNED: entry % lacks the signature of a %',
            old.entry_id, lacking;
    end if;
    return new;
end $$;
create trigger signed before update on ledger.entry for each row
    when (old.state = 'proposed' and new.state = 'approved')
    execute function ledger.guard_signed();

create or replace function ledger.approve_by_policy(p_build_id text)
returns table (approved integer, waiting integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if ledger.basis_of(session_user) is distinct from 'policy' then
        raise exception 'TIEOUT NOT_POLICY: % is not the policy login', session_user;
    end if;
    perform from ledger.entry where state = 'proposed' order by entry_id for update;
    perform pg_advisory_xact_lock(7103003);
    drop table if exists pg_temp.candidate;
    create temporary table candidate on commit drop as
    with eligible as (
        select entry.* from ledger.entry as entry
        join ledger.approval_class as class using (approval_class)
        where entry.state = 'proposed' and class.basis = 'policy'
          and entry.build_id = p_build_id
          and not exists (select from ledger.hold
              where hold.entry_id = entry.entry_id and hold.code not in ('APPROVAL', 'LIMIT'))
    ),
    moved as materialized (
        select eligible.entry_id, eligible.proposed_by, eligible.entity_code,
               eligible.accounting_date, line.account,
               sum(line.debit_amount + line.credit_amount) as amount
        from eligible join ledger.entry_line as line using (entry_id)
        group by eligible.entry_id, eligible.proposed_by, eligible.entity_code,
                 eligible.accounting_date, line.account
    ),
    day as materialized (
        select proposed_by, entity_code, account,
               ledger.account_day(proposed_by, entity_code, account,
                   array(select entry_id from eligible)) as already
        from (select distinct proposed_by, entity_code, account from moved) as asked
    ),
    -- What each account would have moved once this entry and those before it are approved.
    account_sum as materialized (
        select moved.entry_id, day.already + sum(moved.amount) over (
                   partition by moved.proposed_by, moved.entity_code, moved.account
                   order by moved.accounting_date, moved.entry_id) as amount
        from moved join day using (proposed_by, entity_code, account)
    ),
    measure as (
        select eligible.entry_id, eligible.content_hash, eligible.accounting_date,
               eligible.approval_class, eligible.line_count, eligible.gross_amount,
               ledger.event_amount(eligible.entry_id) as event_amount,
               (select max(amount) from account_sum
                where entry_id = eligible.entry_id) as account_day_amount
        from eligible
    ),
    allowed as materialized (
        select class.approval_class, rule.*
        from (select distinct approval_class from eligible) as class
        cross join lateral ledger.limits_of(session_user, class.approval_class, ledger.today())
            as rule
    )
    select distinct on (measure.entry_id)
        measure.entry_id, measure.content_hash, measure.accounting_date, measure.event_amount,
        measure.gross_amount, measure.account_day_amount, allowed.limit_id, case
            when measure.line_count > installation.entry_lines
                then 'too many lines for one document'
            when allowed.limit_id is null then 'no policy limit covers its class today'
            else format(ledger.limit_problem(measure.event_amount, measure.gross_amount,
                measure.account_day_amount, allowed.event_amount, allowed.entry_amount,
                allowed.account_day_amount), 'policy') end as detail
    from measure cross join ledger.installation
    left join allowed using (approval_class)
    order by measure.entry_id, ledger.limit_problem(measure.event_amount, measure.gross_amount,
        measure.account_day_amount, allowed.event_amount, allowed.entry_amount,
        allowed.account_day_amount) nulls first, allowed.limit_id;

    delete from ledger.limit_finding where entry_id in (select entry_id from candidate);
    insert into ledger.limit_finding (entry_id, detail)
    select entry_id, detail from candidate where detail is not null;
    insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at, limit_id,
        event_amount, entry_amount, account_day_amount)
    select entry_id, content_hash, 'policy', session_user, clock_timestamp(), limit_id,
           event_amount, gross_amount, account_day_amount
    from candidate where detail is null order by accounting_date, entry_id;
    update ledger.entry set state = 'approved'
    where entry_id in (select entry_id from candidate where detail is null);
    get diagnostics approved = row_count;
    select count(*) into waiting from ledger.entry where state = 'proposed';
    return next;
end $$;

-- A person signs what he saw: the content hash of the entry on his screen. His own limits come
-- before those that he acts under for somebody else.
create or replace function ledger.approve(p_entry_id bigint, p_content_hash text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
    measured record;
    rule record;
begin
    perform ledger.check_person();
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    elsif held.content_hash <> p_content_hash then
        raise exception 'TIEOUT CONTENT: entry % is not what was seen', p_entry_id;
    end if;
    perform pg_advisory_xact_lock(7103003);
    select ledger.event_amount(p_entry_id) as event, held.gross_amount as entry,
           ledger.day_amount(p_entry_id) as day into measured;
    select allowed.*, ledger.limit_problem(measured.event, measured.entry, measured.day,
               allowed.event_amount, allowed.entry_amount, allowed.account_day_amount) as problem
    into rule
    from ledger.limits_of(session_user, held.approval_class, ledger.today()) as allowed
    where allowed.delegation_id is null or not exists (
        select from ledger.approval where entry_id = p_entry_id and voided_at is null
          and authority = allowed.authority)
    order by problem nulls first, allowed.delegation_id nulls first, allowed.limit_id limit 1;
    if not found then
        raise exception 'TIEOUT LIMIT: no limit lets % approve class % today',
            session_user, held.approval_class;
    elsif rule.problem is not null then
        raise exception 'TIEOUT LIMIT: entry % exceeds what a person may approve: %', p_entry_id,
            format(rule.problem, rule.limit_id);
    end if;
    insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at, limit_id,
        delegation_id, event_amount, entry_amount, account_day_amount)
    values (p_entry_id, p_content_hash, 'person', session_user, clock_timestamp(), rule.limit_id,
        rule.delegation_id, measured.event, measured.entry, measured.day);
    update ledger.entry set state = 'approved'
    where entry_id = p_entry_id and state = 'proposed'
      and ledger.missing_role(p_entry_id) is null
      and ledger.signatures(p_entry_id) >= (
        select signatures from ledger.approval_class
        where approval_class = held.approval_class);
end $$;
