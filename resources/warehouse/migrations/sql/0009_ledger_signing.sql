-- Signing and refusing: policy within its limits, people for the rest.
-- Who acts is session_user: SET ROLE changes nothing.

-- What a maker moved on an account in the last 24 hours, as far as it was approved.
create function ledger.account_day(p_maker text, p_entity_code text, p_account text)
returns numeric
language sql stable set search_path = pg_catalog, pg_temp as $$
    select coalesce(sum(line.debit_amount + line.credit_amount), 0)
    from ledger.entry as entry join ledger.entry_line as line using (entry_id)
    where entry.state in ('approved', 'sending', 'unknown', 'posted')
      and entry.proposed_by = p_maker and entry.entity_code = p_entity_code
      and entry.proposed_at > clock_timestamp() - interval '24 hours'
      and line.account = p_account
$$;

create function ledger.approve_by_policy(p_build_id text)
returns table (approved integer, waiting integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if ledger.basis_of(session_user) is distinct from 'policy' then
        raise exception 'TIEOUT NOT_POLICY: % is not the policy login', session_user;
    end if;
    perform from ledger.entry where state = 'proposed' order by entry_id for update;
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
               ledger.account_day(proposed_by, entity_code, account) as already
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
               eligible.line_count, eligible.gross_amount,
               (select max(abs(signed_amount)) from ledger.entry_event
                where entry_id = eligible.entry_id) as event_amount,
               (select max(amount) from account_sum
                where entry_id = eligible.entry_id) as account_day_amount
        from eligible
    )
    select measure.entry_id, measure.content_hash, measure.accounting_date, case
        when measure.line_count > installation.entry_lines then 'too many lines for one document'
        when measure.event_amount > allowed.event_amount then 'one event exceeds the policy limit'
        when measure.gross_amount > allowed.entry_amount
            then 'the entry exceeds the policy limit'
        when measure.account_day_amount > allowed.account_day_amount
            then '24 hours of one maker on one account exceed the policy limit' end as detail
    from measure cross join ledger.installation
    join ledger.approval_limit as allowed on allowed.basis = 'policy';

    delete from ledger.limit_finding where entry_id in (select entry_id from candidate);
    insert into ledger.limit_finding (entry_id, detail)
    select entry_id, detail from candidate where detail is not null;
    insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at)
    select entry_id, content_hash, 'policy', session_user, clock_timestamp()
    from candidate where detail is null order by accounting_date, entry_id;
    update ledger.entry set state = 'approved'
    where entry_id in (select entry_id from candidate where detail is null);
    get diagnostics approved = row_count;
    select count(*) into waiting from ledger.entry where state = 'proposed';
    return next;
end $$;

create function ledger.check_person() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    if ledger.basis_of(session_user) is distinct from 'person' then
        raise exception 'TIEOUT NOT_A_PERSON: % does not act for a person', session_user;
    end if;
end $$;

-- A person signs what he saw: the content hash of the entry on his screen.
create function ledger.approve(p_entry_id bigint, p_content_hash text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
    allowed ledger.approval_limit;
begin
    perform ledger.check_person();
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    elsif held.content_hash <> p_content_hash then
        raise exception 'TIEOUT CONTENT: entry % is not what was seen', p_entry_id;
    end if;
    select * into allowed from ledger.approval_limit where basis = 'person';
    if held.gross_amount > allowed.entry_amount
       or exists (select from ledger.entry_event
                  where entry_id = p_entry_id and abs(signed_amount) > allowed.event_amount)
       or exists (
            select from (select account, sum(debit_amount + credit_amount) as amount
                         from ledger.entry_line where entry_id = p_entry_id
                         group by account) as line
            where allowed.account_day_amount is not null
              and line.amount + ledger.account_day(held.proposed_by, held.entity_code,
                  line.account) > allowed.account_day_amount) then
        raise exception 'TIEOUT LIMIT: entry % exceeds what a person may approve', p_entry_id;
    end if;
    insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at)
    values (p_entry_id, p_content_hash, 'person', session_user, clock_timestamp());
    update ledger.entry set state = 'approved'
    where entry_id = p_entry_id and state = 'proposed'
      and ledger.signatures(p_entry_id) >= (
        select signatures from ledger.approval_class
        where approval_class = held.approval_class);
end $$;

-- A refused proposal stays quiet while its events are the same, until somebody looks again.
create function ledger.refuse(
    p_entry_id bigint, p_disposition text, p_owner text, p_look_again date
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
begin
    perform ledger.check_person();
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is distinct from 'proposed' then
        raise exception 'TIEOUT STATE: entry % is no proposal', p_entry_id;
    elsif p_look_again is null or p_look_again <= (select as_of_date from ops.installation) then
        raise exception 'TIEOUT LOOK_AGAIN: a refusal names a day after the as-of date';
    end if;
    insert into ledger.refusal (entry_id, content_hash, disposition, owner, look_again)
    values (p_entry_id, held.content_hash, p_disposition, p_owner, p_look_again);
    update ledger.approval set voided_at = clock_timestamp()
    where entry_id = p_entry_id and voided_at is null;
    perform ledger.write_audit('refuse', p_entry_id, held.state, held.state,
        jsonb_build_object('content_hash', held.content_hash, 'look_again', p_look_again));
end $$;

-- A rejection is mended (the account is active, the period open): the next proposal says the
-- same as the next generation of the entry, under a key of its own.
create function ledger.release(p_entry_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_person();
    update ledger.approval set voided_at = clock_timestamp()
    where voided_at is null and entry_id in (
        select entry_id from ledger.entry where entry_id = p_entry_id and state = 'rejected');
    update ledger.entry set state = 'void' where entry_id = p_entry_id and state = 'rejected';
    if not found then
        raise exception 'TIEOUT STATE: entry % was not rejected', p_entry_id;
    end if;
end $$;
