-- Asking: refunds go back to who paid, the way he paid, unless somebody says why not and a person
-- of the role that policy names decides. What was paid in is `marts.mart_paid_in`.

-- What a payee paid in by a tender for an account or claim, less what was refunded that way or is
-- asked for: the larger of both, since an approved refund is paid out later. Nothing is known
-- before the first build.
create function ledger.paid_in(
    p_event text, p_entity text, p_subject_key text, p_payee text, p_tender text
) returns numeric
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    paid numeric;
    refunded numeric;
    asked numeric;
begin
    if to_regclass('marts.mart_paid_in') is null then
        return 0;
    end if;
    select coalesce(sum(paid_amount), 0), coalesce(sum(refunded_amount), 0) into paid, refunded
    from marts.mart_paid_in
    where subject = (select subject from ledger.request_kind where event = p_event)
      and (entity_code, subject_key, payee, tender)
          = (p_entity, p_subject_key, p_payee, p_tender);
    select coalesce(sum(amount), 0) into asked
    from ledger.request_state
    where starts_with(event, 'refund.') and state in ('open', 'approved')
      and (entity_code, subject_key, payee, tender)
          = (p_entity, p_subject_key, p_payee, p_tender);
    return greatest(paid - greatest(refunded, asked), 0);
end $$;

create function ledger.whole_refund(asked ledger.request) returns ledger.request
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    left_over numeric;
begin
    if asked.payee is null and asked.event = 'refund.patient.approved' then
        asked.payee := 'patient';
    end if;
    if asked.tender is null then
        raise exception 'TIEOUT TENDER: a refund says how it is paid';
    elsif asked.payee is null then
        raise exception 'TIEOUT PAYEE: a refund says who gets it';
    end if;
    left_over := ledger.paid_in(asked.event, asked.entity_code, asked.subject_key, asked.payee,
                                asked.tender);
    if asked.other_tender_reason is null and asked.amount > left_over then
        raise exception 'TIEOUT OTHER_TENDER: more than the % that % paid in by % and has not '
            'got back; another way needs a reason of its own', left_over, asked.payee,
            asked.tender;
    end if;
    return asked;
end $$;

-- As before, but manual entries are of the books like any evidence.
create or replace function ledger.request_room(p_event text, p_entity text, p_subject_key text)
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
      and event not in (select event from ledger.request_kind where subject <> 'entry');
    select coalesce(sum(request.amount), 0) into taken
    from ledger.request_state as request join ledger.request_kind as other using (event)
    where request.entity_code = p_entity and request.subject_key = p_subject_key
      and request.state in ('open', 'approved') and other.room_account = kind.room_account
      and other.room_sign = kind.room_sign;
    return balance - taken;
end $$;

-- As before, and: each kind is made whole first, whoever inserts the row.
create or replace function ledger.guard_request() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    kind ledger.request_kind;
    room numeric;
begin
    select * into kind from ledger.request_kind where event = new.event;
    if kind.subject = 'entry' then
        new := ledger.whole_entry(new);
    elsif new.amount = 'NaN' then
        raise exception 'TIEOUT AMOUNT: not an amount';
    elsif num_nonnulls(new.lines, new.accounting_date, new.is_auto_reversed,
                       new.reverses_request_id, new.approval_class) > 0 then
        raise exception 'TIEOUT LINES: the rule of % gives its lines', new.event;
    end if;
    perform pg_advisory_xact_lock(hashtextextended(new.entity_code || new.subject_key, 7103));
    new.requested_by := session_user;
    new.requested_at := clock_timestamp();
    new.account_key := case kind.subject when 'account' then new.subject_key
        when 'claim' then ledger.account_of(new.entity_code, new.subject_key) end;
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
    elsif new.attachment_sha256 is not null and new.attachment_size is null then
        raise exception 'TIEOUT ATTACHMENT: a document has its size and media type';
    end if;
    if starts_with(new.event, 'refund.') then
        new := ledger.whole_refund(new);
    elsif num_nonnulls(new.payee, new.other_tender_reason) > 0 then
        raise exception 'TIEOUT PAYEE: only a refund has a payee';
    end if;
    new.content_hash := ledger.request_hash(new);
    return new;
end $$;

drop function ledger.ask(text, text, text, numeric, text, text, text);
create function ledger.ask(
    p_event text, p_entity text, p_subject_key text, p_amount numeric, p_reason text,
    p_attachment_sha256 text default null, p_tender text default null,
    p_attachment_size bigint default null, p_attachment_type text default null,
    p_reason_code text default null, p_payee text default null,
    p_other_tender_reason text default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made bigint;
begin
    perform from ledger.request_kind where event = p_event and subject <> 'entry';
    if not found then
        raise exception 'TIEOUT KIND: nobody decides on %', p_event;
    end if;
    insert into ledger.request (event, entity_code, subject_key, amount, reason,
        attachment_sha256, tender, attachment_size, attachment_type, reason_code, payee,
        other_tender_reason, content_hash, requested_by, requested_at)
    values (p_event, p_entity, p_subject_key, p_amount, p_reason, p_attachment_sha256, p_tender,
        p_attachment_size, p_attachment_type, p_reason_code, p_payee, p_other_tender_reason,
        '', session_user, clock_timestamp())
    returning request_id into made;
    return made;
end $$;

-- Ask for an entry on chosen accounts. A line is {account, debit or credit, key, facility_code,
-- payer_class, memo}; with `p_reverses` the lines are those of that request, exchanged.
create function ledger.ask_entry(
    p_entity text, p_accounting_date date, p_lines jsonb, p_reason_code text, p_reason text,
    p_is_auto_reversed boolean default false, p_reverses bigint default null,
    p_attachment_sha256 text default null, p_attachment_size bigint default null,
    p_attachment_type text default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    made bigint;
begin
    insert into ledger.request (event, entity_code, subject_key, amount, reason, reason_code,
        accounting_date, lines, is_auto_reversed, reverses_request_id, attachment_sha256,
        attachment_size, attachment_type, content_hash, requested_by, requested_at)
    values ((select event from ledger.request_kind where subject = 'entry'), p_entity, '', 0,
        p_reason, p_reason_code, p_accounting_date, p_lines, p_is_auto_reversed, p_reverses,
        p_attachment_sha256, p_attachment_size, p_attachment_type, '', session_user,
        clock_timestamp())
    returning request_id into made;
    return made;
end $$;
