-- What each role may do with the ledger: sign, refuse, send, record the outcome, mirror the ERP.
-- Who acts is session_user: SET ROLE changes nothing.

-- The part of a limit that an entry exceeds; null when it exceeds none. The last 24 hours of the
-- same maker on the same account include the entry itself.
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

-- Sending ---------------------------------------------------------------------------------------

-- The gate is asked again here, in the transaction that commits before the first byte goes out.
create function ledger.begin_sending(p_entry_id bigint)
returns table (entry_no bigint, erp_key text, entity_code text, accounting_date date,
               approval_class text, generation integer, part integer, gross_amount numeric)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    held ledger.entry;
    next_no bigint;
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is distinct from 'approved' then
        raise exception 'TIEOUT STATE: entry % is %', p_entry_id, coalesce(held.state, 'unknown');
    end if;
    insert into ledger.entry_number as number (entity_code, last_no) values (held.entity_code, 1)
    on conflict (entity_code) do update set last_no = number.last_no + 1
    returning number.last_no into next_no;
    update ledger.entry set state = 'sending', entry_no = next_no where entry_id = p_entry_id;
    return query select next_no, held.erp_key, held.entity_code, held.accounting_date,
        held.approval_class, held.generation, held.part, held.gross_amount;
end $$;

-- For an entry whose sender died: the same number and key again. Only safe where the ERP
-- refuses a second document of the same key, and after it was asked for the first one.
create function ledger.resume_sending(p_entry_id bigint)
returns table (entry_no bigint, erp_key text, entity_code text, accounting_date date,
               approval_class text, generation integer, part integer, gross_amount numeric)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return query select entry_no, erp_key, entity_code, accounting_date, approval_class,
        generation, part, gross_amount
    from ledger.entry where entry_id = p_entry_id and state = 'sending' for update;
    if not found then
        raise exception 'TIEOUT STATE: entry % is not being sent', p_entry_id;
    end if;
    perform ledger.write_audit('resume', p_entry_id, 'sending', 'sending', '{}');
end $$;

-- Whether the lines that the ERP gave back are the entry's, one by one.
create function ledger.lines_match(p_entry_id bigint, p_lines jsonb) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select not exists (
        select from (select line_no, account, debit_amount, credit_amount
                     from ledger.entry_line where entry_id = p_entry_id) as ours
        full join jsonb_to_recordset(p_lines)
            as theirs (line_no integer, account text, debit numeric, credit numeric)
            using (line_no)
        where (ours.account, ours.debit_amount, ours.credit_amount)
            is distinct from (theirs.account, theirs.debit, theirs.credit))
$$;
create function ledger.store_document_lines(p_entry_id bigint, p_lines jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    delete from ledger.erp_document_line where entry_id = p_entry_id;
    insert into ledger.erp_document_line
        (entry_id, line_no, account, debit_amount, credit_amount, description)
    select p_entry_id, line_no, account, debit, credit, description
    from jsonb_to_recordset(p_lines) as theirs
        (line_no integer, account text, debit numeric, credit numeric, description text)
$$;

create function ledger.record_posted(
    p_entry_id bigint, p_document_ref text, p_document_number text, p_lines jsonb,
    p_erp text default 'tryton', p_posted_on date default null
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.entry;
    is_equal boolean := ledger.lines_match(p_entry_id, p_lines);
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is null or held.state not in ('sending', 'unknown') then
        raise exception 'TIEOUT STATE: entry % is %', p_entry_id, coalesce(held.state, 'unknown');
    end if;
    insert into ledger.erp_document (entry_id, erp, document_ref, document_number, state,
        posted_on, read_at, matches)
    values (p_entry_id, p_erp, p_document_ref, p_document_number, 'posted',
        coalesce(p_posted_on, held.accounting_date), clock_timestamp(), is_equal);
    perform ledger.store_document_lines(p_entry_id, p_lines);
    update ledger.entry set state = 'posted', state_reason = null where entry_id = p_entry_id;
    return is_equal;
end $$;

-- The document as the ERP shows it today; what it showed at posting is in the audit.
create function ledger.record_read_back(
    p_entry_id bigint, p_document_state text, p_document_number text, p_lines jsonb
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    is_equal boolean := ledger.lines_match(p_entry_id, p_lines);
    was_equal boolean;
begin
    select matches into was_equal from ledger.erp_document where entry_id = p_entry_id for update;
    if not found then
        raise exception 'TIEOUT NO_DOCUMENT: entry % has no ERP document', p_entry_id;
    end if;
    update ledger.erp_document set state = p_document_state, document_number = p_document_number,
        read_at = clock_timestamp(), matches = is_equal
    where entry_id = p_entry_id;
    perform ledger.store_document_lines(p_entry_id, p_lines);
    if is_equal <> was_equal then
        perform ledger.write_audit('read back', p_entry_id, null, null,
            jsonb_build_object('matches', is_equal, 'document_state', p_document_state));
    end if;
    return is_equal;
end $$;

create function ledger.record_rejected(p_entry_id bigint, p_reason_code text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update ledger.entry set state = 'rejected', state_reason = p_reason_code
    where entry_id = p_entry_id;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    end if;
end $$;
create function ledger.record_unknown(p_entry_id bigint, p_reason_code text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update ledger.entry set state = 'unknown', state_reason = p_reason_code
    where entry_id = p_entry_id;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    end if;
end $$;

create function ledger.record_erp_balance(p_entity text, p_as_of date, p_balances jsonb)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    recorded integer;
begin
    delete from ledger.erp_balance where entity_code = p_entity;
    insert into ledger.erp_balance (entity_code, account, balance_amount, as_of_date, read_at)
    select p_entity, key, value::numeric, p_as_of, clock_timestamp()
    from jsonb_each_text(p_balances);
    get diagnostics recorded = row_count;
    return recorded;
end $$;

-- Periods ---------------------------------------------------------------------------------------

create function ledger.mirror_period(
    p_entity text, p_start date, p_end date, p_ref text, p_erp_status text
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    was text;
begin
    if exists (select from ledger.period where entity_code = p_entity
               and period_start <> p_start
               and daterange(period_start, period_end, '[]') && daterange(p_start, p_end, '[]'))
    then
        raise exception 'TIEOUT PERIOD: periods of % overlap at %', p_entity, p_start;
    end if;
    select erp_status into was from ledger.period
    where entity_code = p_entity and period_start = p_start for update;
    insert into ledger.period (entity_code, period_start, period_end, erp_status, erp_period_ref)
    values (p_entity, p_start, p_end, p_erp_status, p_ref)
    on conflict (entity_code, period_start) do update set
        period_end = excluded.period_end, erp_status = excluded.erp_status,
        erp_period_ref = excluded.erp_period_ref, mirrored_at = clock_timestamp();
    if was is distinct from p_erp_status then
        perform ledger.write_audit('mirror period', null, was, p_erp_status,
            jsonb_build_object('entity_code', p_entity, 'period_start', p_start));
    end if;
end $$;

-- Reopening voids the certificates of the builds whose as-of date lies in the period.
create function ledger.set_period(p_entity text, p_start date, p_status text, p_reason text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.period;
begin
    perform ledger.check_person();
    select * into held from ledger.period
    where entity_code = p_entity and period_start = p_start for update;
    if not found then
        raise exception 'TIEOUT PERIOD: % has no period that begins on %', p_entity, p_start;
    elsif coalesce(p_reason, '') = '' then
        raise exception 'TIEOUT REASON: closing and reopening need a reason';
    elsif held.own_status = p_status then
        return;
    end if;
    update ledger.period set own_status = p_status
    where entity_code = p_entity and period_start = p_start;
    if p_status = 'open' then
        update ops.certificate set voided_at = clock_timestamp(), void_reason = 'period reopened'
        where voided_at is null and build_id in (
            select build_id from ops.build
            where as_of_date between held.period_start and held.period_end);
    end if;
    perform ledger.write_audit('set period', null, held.own_status, p_status,
        jsonb_build_object('entity_code', p_entity, 'period_start', p_start,
            'reason', p_reason));
end $$;

create function ledger.record_cutoff(p_entity text, p_date date) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.cutoff (entity_code, cutoff_date, known_at_watermark)
    values (p_entity, p_date, clock_timestamp())
    on conflict (entity_code, cutoff_date) do nothing;
    if found then
        perform ledger.write_audit('record cutoff', null, null, null,
            jsonb_build_object('entity_code', p_entity, 'cutoff_date', p_date));
    end if;
    return found;
end $$;
