-- What somebody else entered in the ERP on accounts of ours: read back daily, never edited here.
-- A line that is gone stays as gone. People explain a line; the newest judgement counts.

create table ledger.foreign_line (
    foreign_line_id bigint generated always as identity primary key,
    entity_code text not null,
    erp text not null,
    document_ref text not null,
    account text not null,
    accounting_date date not null,
    debit_amount numeric(14, 2) not null,
    credit_amount numeric(14, 2) not null,
    ordinal integer not null check (ordinal >= 1),   -- among equal lines of one document
    code text not null check (code in ('ERP_MANUAL_ENTRY', 'ERP_KEY_REUSED')),
    found_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp(),
    gone_at timestamptz,
    unique (entity_code, erp, document_ref, account, accounting_date, debit_amount,
            credit_amount, ordinal)
);
create table ledger.foreign_judgement (
    judgement_id bigint generated always as identity primary key,
    foreign_line_id bigint not null references ledger.foreign_line,
    decision text not null check (decision in ('accepted', 'withdrawn')),
    reason text not null check (btrim(reason) <> ''),
    judged_by text not null default session_user,
    judged_at timestamptz not null default clock_timestamp()
);
create index on ledger.foreign_judgement (foreign_line_id);
create table ledger.foreign_read (
    read_id bigint generated always as identity primary key,
    entity_code text not null,
    erp text not null,
    since date not null,
    open_from date not null,                  -- the first open period then: what may have moved
    line_count integer not null,
    read_at timestamptz not null default clock_timestamp()
);
create index on ledger.foreign_read (entity_code, read_id);

create function ledger.guard_foreign_line() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    moves text[] := array['seen_at', 'gone_at', 'code'];
begin
    if (to_jsonb(new) - moves) <> (to_jsonb(old) - moves) then
        raise exception 'TIEOUT IMMUTABLE: a line of the ERP stays as it was read';
    end if;
    return new;
end $$;
create trigger guard before update on ledger.foreign_line
    for each row execute function ledger.guard_foreign_line();
create trigger keep before delete or truncate on ledger.foreign_line
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ledger.foreign_judgement
    for each statement execute function ops.refuse_change();
create trigger keep before update or delete or truncate on ledger.foreign_read
    for each statement execute function ops.refuse_change();

create view ledger.foreign_state as
select line.foreign_line_id, line.entity_code, line.erp, line.document_ref, line.account,
       line.accounting_date, line.debit_amount - line.credit_amount as amount, line.code,
       case when line.gone_at is not null then 'gone'
            when newest.decision = 'accepted' then 'accepted'
            else 'unexplained' end as state,
       line.found_at, line.gone_at, newest.reason, newest.judged_by, newest.judged_at
from ledger.foreign_line as line
left join lateral (
    select judgement.* from ledger.foreign_judgement as judgement
    where judgement.foreign_line_id = line.foreign_line_id
    order by judgement.judgement_id desc limit 1
) as newest on true;

alter table ops.exception drop constraint exception_origin_check;
alter table ops.exception add constraint exception_origin_check
    check (origin in ('receiving', 'parsing', 'build', 'erp'));
insert into ops.reason_code values
('ERP_MANUAL_ENTRY', 'our accounts are posted to by us alone',
 'somebody entered a document in the ERP on an account of ours'),
('ERP_KEY_REUSED', 'a key of ours has one document in the ERP',
 'a document in the ERP bears a key of ours and is not the one that was recorded for it');

-- The one list of exceptions, in step with what is unexplained.
create function ledger.sync_foreign_exceptions(p_entity text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
    insert into ops.exception as held (exception_id, source, record_kind, code, severity, rule,
        message, amount, entity_code, origin, opened_at)
    select 'erp-line-' || line.foreign_line_id, 'erp', 'erp_line', line.code, 'error', known.rule,
           'document ' || line.document_ref || ' of ' || line.erp || ', account ' || line.account
           || ', ' || line.accounting_date,
           line.amount, line.entity_code, 'erp', clock_timestamp()
    from ledger.foreign_state as line join ops.reason_code as known using (code)
    where line.entity_code = p_entity and line.state = 'unexplained'
    on conflict (exception_id) do update set
        closed_at = null, code = excluded.code, rule = excluded.rule,
        opened_at = case when held.closed_at is null then held.opened_at
                         else excluded.opened_at end;
    update ops.exception as held set closed_at = clock_timestamp()
    from ledger.foreign_state as line
    where held.exception_id = 'erp-line-' || line.foreign_line_id and held.closed_at is null
      and line.entity_code = p_entity and line.state <> 'unexplained'
$$;

-- From which day on the ERP is asked: what was open at the last reading or is open now may have
-- moved since; what lies before our first entry is the opening balance, and not ours to read.
create function ledger.foreign_since(p_entity text) returns date
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select greatest(own.first_day, least(
        (select min(period_start) from ledger.period
         where entity_code = p_entity and erp_status = 'open'),
        (select open_from from ledger.foreign_read where entity_code = p_entity
         order by read_id desc limit 1)))
    from (select min(date_trunc('month', accounting_date))::date as first_day
          from ledger.entry where entity_code = p_entity) as own
    where own.first_day is not null
$$;

-- Replace what is known of a stretch of days by what the ERP shows now.
create function ledger.record_foreign_lines(
    p_entity text, p_erp text, p_since date, p_lines jsonb
) returns table (foreign_count integer, new_count integer, gone_count integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moment timestamptz;
begin
    perform pg_advisory_xact_lock(7103029, hashtext(p_entity));
    moment := clock_timestamp();
    with told as (
        select reference, coalesce(key, '') as key, account, accounting_date,
               debit::numeric(14, 2) as debit, credit::numeric(14, 2) as credit,
               row_number() over (partition by reference, account, accounting_date,
                   debit::numeric(14, 2), credit::numeric(14, 2))::integer as ordinal
        from jsonb_to_recordset(p_lines) as line (reference text, key text, account text,
            accounting_date date, debit numeric, credit numeric)
    ),
    judged as (
        select told.*, case
            when entry.entry_id is null then 'ERP_MANUAL_ENTRY'
            when document.document_ref = told.reference then null
            when document.document_ref is null and entry.state in ('sending', 'unknown') then null
            else 'ERP_KEY_REUSED' end as code
        from told
        left join ledger.entry as entry
            on entry.erp_key = told.key and entry.entity_code = p_entity
        left join ledger.erp_document as document using (entry_id)
    )
    insert into ledger.foreign_line (entity_code, erp, document_ref, account, accounting_date,
        debit_amount, credit_amount, ordinal, code, found_at, seen_at)
    select p_entity, p_erp, reference, account, accounting_date, debit, credit, ordinal, code,
           moment, moment
    from judged where code is not null
    on conflict (entity_code, erp, document_ref, account, accounting_date, debit_amount,
                 credit_amount, ordinal)
    do update set seen_at = excluded.seen_at, gone_at = null, code = excluded.code;
    get diagnostics foreign_count = row_count;
    select count(*) into new_count from ledger.foreign_line
    where entity_code = p_entity and erp = p_erp and found_at = moment;
    update ledger.foreign_line set gone_at = moment
    where entity_code = p_entity and erp = p_erp and accounting_date >= p_since
      and seen_at < moment and gone_at is null;
    get diagnostics gone_count = row_count;
    insert into ledger.foreign_read (entity_code, erp, since, open_from, line_count)
    values (p_entity, p_erp, p_since, coalesce(
        (select min(period_start) from ledger.period
         where entity_code = p_entity and erp_status = 'open'), p_since),
        jsonb_array_length(p_lines));
    if new_count + gone_count > 0 then
        perform ledger.write_audit('read foreign lines', null, null, null, jsonb_build_object(
            'entity_code', p_entity, 'since', p_since, 'foreign', foreign_count,
            'new', new_count, 'gone', gone_count));
    end if;
    perform ledger.sync_foreign_exceptions(p_entity);
    return next;
end $$;

create function ledger.judge_foreign_line(p_line bigint, p_decision text, p_reason text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.foreign_line;
    is_accepted boolean;
begin
    perform ledger.check_person();
    select * into held from ledger.foreign_line where foreign_line_id = p_line for update;
    if not found then
        raise exception 'TIEOUT NO_LINE: there is no line % of the ERP', p_line;
    elsif held.gone_at is not null then
        raise exception 'TIEOUT GONE: line % is no longer in the ERP', p_line;
    elsif coalesce(btrim(p_reason), '') = '' then
        raise exception 'TIEOUT REASON: explaining a line of the ERP needs a reason';
    end if;
    select state = 'accepted' into is_accepted from ledger.foreign_state
    where foreign_line_id = p_line;
    if is_accepted = (p_decision = 'accepted') then
        raise exception 'TIEOUT STATE: line % is % already', p_line,
            case when is_accepted then 'accepted' else 'unexplained' end;
    end if;
    insert into ledger.foreign_judgement (foreign_line_id, decision, reason)
    values (p_line, p_decision, p_reason);
    perform ledger.write_audit('judge foreign line', null, null, p_decision,
        jsonb_build_object('foreign_line_id', p_line, 'entity_code', held.entity_code,
            'account', held.account, 'amount', held.debit_amount - held.credit_amount));
    perform ledger.sync_foreign_exceptions(held.entity_code);
end $$;

grant select on ledger.foreign_line, ledger.foreign_judgement, ledger.foreign_read,
    ledger.foreign_state
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
revoke all on function ledger.sync_foreign_exceptions(text), ledger.foreign_since(text),
    ledger.record_foreign_lines(text, text, date, jsonb), ledger.guard_foreign_line(),
    ledger.judge_foreign_line(bigint, text, text) from public;
grant execute on function ledger.foreign_since(text),
    ledger.record_foreign_lines(text, text, date, jsonb) to :prefix_poster;
grant execute on function ledger.judge_foreign_line(bigint, text, text) to :prefix_approver;
