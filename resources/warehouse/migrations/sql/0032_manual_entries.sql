-- Manual entries: a request with lines on freely chosen accounts. What is approved is evidence of
-- one event with these lines, and of a second one that takes them back where that was asked.
alter table ledger.request_kind
    drop constraint request_kind_subject_check,
    add constraint request_kind_subject_check
        check (subject in ('account', 'claim', 'reference', 'entry'));

alter table ledger.request
    add column reason_code text check (reason_code ~ '^[A-Z][A-Z0-9_]{2,29}$'),
    add column attachment_size bigint check (attachment_size between 1 and 10485760),
    add column attachment_type text check (attachment_type ~ '^[a-z]+/[a-z0-9][a-z0-9.+-]{0,99}$'),
    add column payee text check (payee ~ '^[A-Za-z0-9_-]{2,40}$'),    -- patient, or a payer's code
    add column other_tender_reason text
        check (length(btrim(other_tender_reason)) between 10 and 500),
    add column account_key text,              -- the patient account, also behind a claim
    add column accounting_date date,          -- of a manual entry, as asked
    add column is_auto_reversed boolean,
    add column reverses_request_id bigint references ledger.request,
    add column approval_class text,           -- of a manual entry, by its debits when asked
    add column lines jsonb,
    add constraint attachment_is_whole check (
        (attachment_size is null) = (attachment_type is null)
        and (attachment_size is null or attachment_sha256 is not null)),
    add constraint entry_is_whole check (
        (lines is null and accounting_date is null and is_auto_reversed is null
         and approval_class is null and reverses_request_id is null)
        or (lines is not null and accounting_date is not null and is_auto_reversed is not null
            and approval_class is not null));
create index on ledger.request (entity_code, account_key);
create index on ledger.request (reverses_request_id);

-- As before; what requests did not have then is hashed where they have it.
create or replace function ledger.request_hash(held ledger.request) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), held.event, held.entity_code,
        held.subject_key, held.amount::text, held.reason, coalesce(held.attachment_sha256, ''),
        coalesce(held.tender, ''), held.requested_by, nullif(jsonb_strip_nulls(jsonb_build_object(
            'reason_code', held.reason_code, 'attachment_size', held.attachment_size,
            'attachment_type', held.attachment_type, 'payee', held.payee,
            'other_tender_reason', held.other_tender_reason, 'account_key', held.account_key,
            'accounting_date', held.accounting_date, 'is_auto_reversed', held.is_auto_reversed,
            'reverses_request_id', held.reverses_request_id,
            'approval_class', held.approval_class, 'lines', held.lines))::text, '{}')),
        'UTF8')), 'hex')
$$;

create or replace view ledger.request_state as
select
    request.request_id, request.event, request.entity_code, request.subject_key, request.amount,
    request.reason, request.attachment_sha256, request.tender, request.content_hash,
    request.requested_by, request.requested_at, kind.rule,
    coalesce(request.approval_class, kind.approval_class) as approval_class, kind.subject,
    greatest(coalesce(class.signatures, 1), 1) as needed,
    coalesce(acts.approvals, 0) as approvals,
    case
        when acts.is_ended then acts.ended_as
        when coalesce(acts.approvals, 0) >= greatest(coalesce(class.signatures, 1), 1)
            then 'approved'
        else 'open'
    end as state,
    acts.decided_date, acts.decided_at,
    request.reason_code, request.attachment_size, request.attachment_type, request.payee,
    request.other_tender_reason, request.account_key, request.accounting_date,
    request.is_auto_reversed, request.reverses_request_id, request.lines
from ledger.request as request
join ledger.request_kind as kind using (event)
left join ledger.approval_class as class
    on class.approval_class = coalesce(request.approval_class, kind.approval_class)
left join (
    select request_id,
           count(*) filter (where act = 'approved') as approvals,
           bool_or(act <> 'approved') as is_ended,
           max(act) filter (where act <> 'approved') as ended_as,
           max(decided_date) as decided_date, max(acted_at) as decided_at
    from ledger.request_act group by request_id
) as acts using (request_id);

-- One row per line of a manual entry: debit positive, its keys, and a memo that stays here.
create view ledger.request_line as
select request.request_id, request.entity_code, line.line_no, line.account, line.facility_code,
       line.payer_class, line.signed_amount, line.claim_key, line.account_key, line.control_key,
       line.memo
from ledger.request as request cross join lateral jsonb_to_recordset(request.lines) as line (
    line_no integer, account text, facility_code text, payer_class text,
    signed_amount numeric(14, 2), claim_key text, account_key text, control_key text, memo text);

-- The lines that approved manual entries put into the books up to the as-of date, for tie-outs:
-- each as asked, and with its sign changed on the first of the next month where that was asked.
create view ledger.manual_line as
select line.request_id, line.entity_code, line.account, line.claim_key, line.account_key,
       coalesce(line.control_key, 'request ' || line.request_id) as control_key,
       occasion.event_date, occasion.sign * line.signed_amount as signed_amount
from ledger.request_line as line
join ledger.request_state as request using (request_id)
cross join ops.installation as installation
cross join lateral (values
    (1, request.accounting_date, true),
    (-1, (date_trunc('month', request.accounting_date) + interval '1 month')::date,
     request.is_auto_reversed)) as occasion (sign, event_date, is_wanted)
where request.state = 'approved' and occasion.is_wanted
  and occasion.event_date <= installation.as_of_date;

-- Which events of the books a request is the evidence of.
create view ledger.request_event as
select request_id, 'decided' as occasion, md5(event || '|request|' || request_id) as event_id
from ledger.request
union all
select request_id, 'reversal', md5(event || '|request|' || request_id || '|reversal')
from ledger.request where is_auto_reversed;

-- The patient account behind a claim, and the only claim of an account, as the books have them.
create function ledger.account_of(p_entity text, p_claim_key text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select min(account_key) from marts.fct_ledger_line
    where claim_key = p_claim_key and entity_code = p_entity
$$;
create function ledger.claim_named(p_entity text, p_key text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select case
        when exists (select from marts.fct_ledger_line
                     where claim_key = p_key and entity_code = p_entity) then p_key
        else (select min(claim_key) from marts.fct_ledger_line
              where account_key = p_key and entity_code = p_entity
              having count(distinct claim_key) = 1) end
$$;

-- One line as it was asked for, made whole: its keys by what its account is kept by, and the
-- facility and payer class of the account that it names, where none is given.
create function ledger.whole_line(p_entity text, p_reason_code text, p_no bigint, asked jsonb)
returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    chart ledger.account;
    value numeric := coalesce((asked ->> 'debit')::numeric, 0)
                     - coalesce((asked ->> 'credit')::numeric, 0);
    key text := nullif(btrim(asked ->> 'key'), '');
    claim text;
    patient text;
    known record;
begin
    select * into chart from ledger.account where account = asked ->> 'account';
    if chart.account is null or not chart.reaches_erp then
        raise exception 'TIEOUT ACCOUNT: line %: not an account of the chart that is posted', p_no;
    elsif (asked ->> 'debit')::numeric < 0 or (asked ->> 'credit')::numeric < 0 or value = 0
        or ((asked ->> 'debit')::numeric > 0 and (asked ->> 'credit')::numeric > 0)
        or value = 'NaN' or value <> round(value, 2) then
        raise exception 'TIEOUT AMOUNT: line %: either a debit or a credit, in whole cents', p_no;
    elsif chart.account = '1010' and p_reason_code not like 'BANK%' then
        raise exception 'TIEOUT CASH: line %: 1010 needs a reason code of the bank', p_no;
    elsif chart.control is not null and key is null then
        raise exception 'TIEOUT KEY: line %: % is kept by %, and the line names none',
            p_no, chart.account, chart.control;
    elsif length(asked ->> 'memo') > 100 or asked ->> 'memo' ~ '\d{6}' then
        raise exception 'TIEOUT MEMO: line %: at most 100 characters, no number of six digits',
            p_no;
    end if;
    claim := case when chart.control = 'claim' then ledger.claim_named(p_entity, key) end;
    patient := case when chart.control = 'claim' then ledger.account_of(p_entity, claim)
                    when chart.control in ('account', 'plan') then key end;
    select facility_code, payer_class into known from marts.fct_ledger_line
    where account_key = patient and entity_code = p_entity
    order by original_date desc, line_id limit 1;
    if (chart.control = 'claim' and claim is null)
       or (chart.control in ('account', 'plan') and known is null) then
        raise exception 'TIEOUT KEY: line %: the books know no such %', p_no, chart.control;
    end if;
    known.facility_code := coalesce(nullif(asked ->> 'facility_code', ''), known.facility_code,
                                    'NONE');
    known.payer_class := coalesce(nullif(asked ->> 'payer_class', ''), known.payer_class, 'none');
    if known.payer_class !~ '^[a-z_]{2,40}$' or (known.facility_code <> 'NONE' and not exists (
            select from ops.facility where facility_code = known.facility_code
            and entity_code = p_entity)) then
        raise exception 'TIEOUT DIMENSION: line %: not a facility or payer class of %',
            p_no, p_entity;
    end if;
    return jsonb_strip_nulls(jsonb_build_object('line_no', p_no, 'account', chart.account,
        'facility_code', known.facility_code, 'payer_class', known.payer_class,
        'signed_amount', value::numeric(14, 2), 'claim_key', claim, 'account_key', patient,
        'control_key', case when claim is null and patient is null then key end,
        'memo', nullif(btrim(asked ->> 'memo'), '')));
end $$;

-- All lines together: they balance, and none says twice what another says.
create function ledger.whole_lines(p_entity text, p_reason_code text, asked jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    made jsonb;
begin
    if jsonb_typeof(asked) is distinct from 'array'
       or jsonb_array_length(asked) not between 2 and 500 then
        raise exception 'TIEOUT LINES: an entry has 2 to 500 lines';
    end if;
    select jsonb_agg(ledger.whole_line(p_entity, p_reason_code, no, line) order by no) into made
    from jsonb_array_elements(asked) with ordinality as given (line, no);
    if (select sum((line ->> 'signed_amount')::numeric)
        from jsonb_array_elements(made) as line) <> 0 then
        raise exception 'TIEOUT UNBALANCED: debits and credits differ';
    elsif exists (
        select from jsonb_array_elements(made) as line
        group by line - 'line_no' - 'signed_amount' - 'memo' having count(*) > 1) then
        raise exception 'TIEOUT LINES: two lines name the same account, dimensions and key';
    end if;
    return made;
end $$;

-- The lines of an approved manual entry, with the sides exchanged.
create function ledger.reversed_lines(asked ledger.request) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    original record;
begin
    perform pg_advisory_xact_lock(7103006, asked.reverses_request_id::integer);
    select * into original from ledger.request_state
    where request_id = asked.reverses_request_id;
    if original.lines is null or original.state <> 'approved'
       or original.entity_code <> asked.entity_code then
        raise exception 'TIEOUT REVERSAL: request % is no approved manual entry of %',
            asked.reverses_request_id, asked.entity_code;
    elsif original.is_auto_reversed or original.reverses_request_id is not null then
        raise exception 'TIEOUT REVERSAL: request % is or has a reversal already',
            asked.reverses_request_id;
    elsif asked.accounting_date < original.accounting_date then
        raise exception 'TIEOUT DATE: a reversal is not dated before what it reverses';
    elsif exists (
        select from ledger.request_state where reverses_request_id = original.request_id
        and state in ('open', 'approved')) then
        raise exception 'TIEOUT DUPLICATE: the reversal of request % was asked for',
            original.request_id;
    end if;
    return (select jsonb_agg(jsonb_set(line, '{signed_amount}',
                to_jsonb(-(line ->> 'signed_amount')::numeric)) order by line -> 'line_no')
            from jsonb_array_elements(original.lines) as line);
end $$;

-- What a manual entry is, worked out here whoever asks: lines, amount, class, what it is known by.
create function ledger.whole_entry(asked ledger.request) returns ledger.request
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    policy ledger.policy_request;
begin
    select * into policy from ledger.policy_request where policy_id = ledger.policy_id();
    asked.is_auto_reversed := coalesce(asked.is_auto_reversed, false);
    if asked.accounting_date is null
       or asked.accounting_date > (select as_of_date from ops.installation) then
        raise exception 'TIEOUT DATE: an entry is dated, and not after the as-of date';
    elsif asked.reason_code is null or not asked.reason_code = any(policy.reason_codes) then
        raise exception 'TIEOUT REASON_CODE: one of %', array_to_string(policy.reason_codes, ', ');
    elsif asked.reverses_request_id is not null then
        if asked.is_auto_reversed or asked.lines is not null then
            raise exception 'TIEOUT REVERSAL: a reversal has the lines of what it reverses';
        end if;
        asked.lines := ledger.reversed_lines(asked);
    elsif asked.attachment_size is null then
        raise exception 'TIEOUT ATTACHMENT: a manual entry has a document';
    else
        asked.lines := ledger.whole_lines(asked.entity_code, asked.reason_code, asked.lines);
    end if;
    select sum(greatest((line ->> 'signed_amount')::numeric, 0)) into asked.amount
    from jsonb_array_elements(asked.lines) as line;
    asked.approval_class := case when asked.amount > policy.manual_above
        then policy.manual_class_above else policy.manual_class end;
    -- Neither another order of the lines nor another memo makes it another entry.
    select encode(sha256(convert_to(concat_ws('|', asked.accounting_date,
               asked.reverses_request_id, string_agg(said, '|' order by said collate "C")),
               'UTF8')), 'hex')
    into asked.subject_key
    from (select (line - 'line_no' - 'memo')::text as said
          from jsonb_array_elements(asked.lines) as line) as lines;
    return asked;
end $$;
