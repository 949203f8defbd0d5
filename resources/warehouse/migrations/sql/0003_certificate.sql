-- The close certificate: a function over recorded check results, frozen when it is issued.
-- A check that is expected and has no result counts as not passed.
alter table ops.certificate
    add column issued_by text not null default session_user,
    add column voided_at timestamptz,
    add column void_reason text;

-- The rows as they were when the certificate was issued: later builds expect other checks.
create table ops.certificate_row (
    build_id text not null references ops.certificate deferrable initially deferred,
    check_id text not null,
    kind text not null,
    severity text not null,
    blocking boolean not null,
    status text not null check (status in ('passed', 'failed', 'missing')),
    left_amount numeric(18, 2),
    right_amount numeric(18, 2),
    difference numeric(18, 2),
    failing_count bigint,
    primary key (build_id, check_id)
);

create function ops.live_certificate(p_build_id text)
returns table (
    check_id text, kind text, severity text, blocking boolean, status text,
    left_amount numeric, right_amount numeric, difference numeric, failing_count bigint
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select
        check_id,
        coalesce(found.kind, expected.kind),
        coalesce(expected.severity, found.severity),
        coalesce(expected.is_blocking, found.is_blocking),
        case when found.has_passed then 'passed'
             when found.has_passed is null then 'missing' else 'failed' end,
        found.left_amount, found.right_amount, found.difference, found.failing_count
    from ops.expected_check as expected
    full join (select * from ops.check_result where build_id = p_build_id) as found
        using (check_id)
$$;

create function ops.close_certificate(p_build_id text)
returns table (
    check_id text, kind text, severity text, blocking boolean, status text,
    left_amount numeric, right_amount numeric, difference numeric, failing_count bigint
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with issued as (select * from ops.certificate_row where build_id = p_build_id),
    rows as (
        select check_id, kind, severity, blocking, status,
               left_amount, right_amount, difference, failing_count
        from issued
        union all
        select * from ops.live_certificate(p_build_id)
        where not exists (select from ops.certificate where build_id = p_build_id)
    )
    select * from rows
    order by (status = 'passed'), blocking desc, severity, kind, check_id
$$;

create function ops.issue_certificate(p_build_id text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    is_passing boolean;
begin
    perform from ops.build where build_id = p_build_id for update;
    if not found then
        raise exception 'TIEOUT NO_BUILD: this build was never opened';
    end if;
    select passes into is_passing from ops.certificate where build_id = p_build_id;
    if found then
        return is_passing;
    end if;
    insert into ops.certificate_row
    select p_build_id, live.* from ops.live_certificate(p_build_id) as live;
    insert into ops.certificate
        (build_id, passes, check_count, failed_count, missing_count, content_hash)
    select
        p_build_id,
        -- A certificate over nothing certifies nothing.
        count(*) > 0 and count(*) filter (where blocking and severity = 'error'
            and status <> 'passed') = 0,
        count(*), count(*) filter (where status = 'failed'),
        count(*) filter (where status = 'missing'),
        encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', check_id, severity, blocking,
            status, left_amount, right_amount, difference, failing_count), E'\n'
            order by check_id collate "C"), ''), 'UTF8')), 'hex')
    from ops.certificate_row where build_id = p_build_id
    returning passes into is_passing;
    return is_passing;
end $$;

-- The certificate of the newest build that has a result of an expected check.
create function ops.close_certificate_rows()
returns table (
    build_id text, as_of_date date, check_id text, kind text, severity text, blocking boolean,
    status text, left_amount numeric, right_amount numeric, difference numeric,
    failing_count bigint
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select newest.build_id, newest.as_of_date, row.*
    from (
        select build.build_id, build.as_of_date from ops.build as build
        where exists (
            select from ops.check_result as result join ops.expected_check using (check_id)
            where result.build_id = build.build_id)
        order by build.started_at desc, build.build_id desc limit 1
    ) as newest
    cross join lateral ops.close_certificate(newest.build_id) as row
$$;

create function ops.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'TIEOUT IMMUTABLE: % of %.% is refused', tg_op, tg_table_schema, tg_table_name;
end $$;

create function ops.guard_certificate() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if old.voided_at is not null or new.voided_at is null
       or (to_jsonb(new) - 'voided_at' - 'void_reason')
          <> (to_jsonb(old) - 'voided_at' - 'void_reason') then
        raise exception 'TIEOUT IMMUTABLE: a certificate is voided once and never changed';
    end if;
    return new;
end $$;

create trigger guard before update on ops.certificate
    for each row execute function ops.guard_certificate();
create trigger keep before delete or truncate on ops.certificate
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ops.certificate_row
    for each statement execute function ops.refuse_change();

-- What a reason means, in the words that a person reads; never with a value of a document.
create table ops.reason_code (
    code text primary key,
    rule text not null,
    message text not null
);
insert into ops.reason_code values
('DUPLICATE_REMITTANCE', 'one payment is posted once',
 'the same payment was received in another remittance'),
('DUPLICATE_CLAIM', 'one claim is counted once', 'the same claim was received in another file'),
('DUPLICATE_RECORD', 'one record is counted once',
 'the same record was received in another file'),
('REMITTANCE_OFF_BALANCE', 'BPR02 = sum of CLP04 - sum of PLB',
 'the payment is not the sum of its claims less its provider adjustments'),
('CLAIM_OFF_BALANCE', 'CLP03 - adjustments = CLP04',
 'the claim does not balance; all of it waits'),
('LINE_OFF_BALANCE', 'SVC02 - adjustments = SVC03',
 'a service line does not balance; the whole claim waits'),
('TRUNCATED', 'a transaction ends with its trailer', 'the transaction is cut off; all of it waits'),
('UNKNOWN_ADJUSTMENT_CODE', 'every adjustment has a class',
 'an adjustment has no class yet; the whole claim waits'),
('UNKNOWN_ACCOUNT', 'a payment belongs to an account',
 'no account is known: the payment is unapplied, its adjustments wait'),
('UNMATCHED_DEPOSIT', 'a deposit has its remittance',
 'no remittance explains this deposit; it is unapplied'),
('UNMAPPED_PROVIDER', 'a provider number belongs to a facility',
 'the provider number is not mapped; the default entity has the record'),
('UNMAPPED_BANK_CODE', 'a bank transaction type has a treatment',
 'the type of this bank transaction has no treatment yet'),
('DATED_AFTER_AS_OF', 'nothing is dated after the as-of date',
 'the record is dated after the as-of date and waits'),
('AMOUNT_UNREADABLE', 'an amount is a decimal number', 'an amount cannot be read'),
('CLAIM_LINES_OFF', 'CLM02 = sum of the lines', 'the claim is not the sum of its lines'),
('CONTROL_TOTAL_OFF', 'a statement has its control total',
 'the control total of the statement is not the sum of its records'),
('RECORD_COUNT_OFF', 'a statement has its record count',
 'the record count of the statement is not the count of its records'),
('BATCH_CONTROL_OFF', 'a batch has its control total',
 'the control total of the batch is not the sum of its entries');

-- Mirror what the build left waiting into the one list of exceptions, and close what is gone.
create function ops.sync_exceptions(p_build_id text)
returns table (opened integer, still_open integer, closed integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    perform from ops.build where build_id = p_build_id;
    if not found then
        raise exception 'TIEOUT NO_BUILD: this build was never opened';
    end if;
    drop table if exists pg_temp.found;
    create temporary table found on commit drop as
    select distinct on (exception_id) * from (
        select md5(record_id || '|' || reason_code) as exception_id, file_id, segment, source,
               record_kind, reason_code, 'error' as severity, null::text as rule,
               null::text as detail, amount, entity_code
        from intermediate.int_record_outcome where outcome = 'exception'
        union all
        select md5(record_id || '|' || reason_code || '|warning'), file_id, segment, source,
               record_kind, reason_code, 'warning', rule, detail, amount, entity_code
        from intermediate.int_exception_warning
    ) as listed order by exception_id;

    update ops.exception as held set closed_at = clock_timestamp()
    where held.origin = 'build' and held.closed_at is null
      and not exists (select from pg_temp.found where found.exception_id = held.exception_id);
    get diagnostics closed = row_count;
    select count(*) into still_open from ops.exception
    where origin = 'build' and closed_at is null;

    insert into ops.exception as held (exception_id, file_id, segment, source, record_kind, code,
        severity, rule, message, amount, entity_code, origin, opened_at)
    select exception_id, file_id, segment, coalesce(source, 'unknown'), record_kind,
           coalesce(reason_code, 'UNCLASSIFIED'), severity,
           coalesce(found.rule, known.rule, 'every record has an outcome'),
           coalesce(found.detail, known.message, 'the record waits'),
           amount, entity_code, 'build', clock_timestamp()
    from pg_temp.found as found left join ops.reason_code as known on known.code = reason_code
    on conflict (exception_id) do update set
        closed_at = null, amount = excluded.amount, entity_code = excluded.entity_code,
        rule = excluded.rule, message = excluded.message,
        opened_at = case when held.closed_at is null then held.opened_at
                         else excluded.opened_at end;
    select count(*) - still_open into opened from ops.exception
    where origin = 'build' and closed_at is null;
    return next;
end $$;

grant select on ops.certificate_row, ops.reason_code to :prefix_ingest, :prefix_transform,
    :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
grant execute on function ops.close_certificate(text), ops.close_certificate_rows()
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor,
    :prefix_bi_reader;
grant execute on function ops.issue_certificate(text), ops.sync_exceptions(text)
    to :prefix_transform;
