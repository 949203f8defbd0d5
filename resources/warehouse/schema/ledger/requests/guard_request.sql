-- Completes and checks a request by its kind, and gives it the session's login and its hash.
create or replace function ledger.guard_request() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    kind ledger.request_kind;
    available numeric;
begin
    select * into kind from ledger.request_kind where event = new.event;
    if kind.subject = 'entry' then
        new := ledger.complete_entry(new);
    elsif new.amount = 'NaN' then
        raise exception 'TIEOUT AMOUNT: not an amount';
    elsif num_nonnulls(new.lines, new.accounting_date, new.is_auto_reversed,
                       new.reverses_request_id, new.approval_class) > 0 then
        raise exception 'TIEOUT LINES: the rule of % gives its lines', new.event;
    end if;
    perform ledger.check_request(new, kind);
    perform pg_advisory_xact_lock(hashtextextended(new.entity_code || new.subject_key, 7103));
    new.requested_by := session_user;
    new.requested_at := clock_timestamp();
    new.account_key := case kind.subject when 'account' then new.subject_key
        when 'claim' then ledger.account_of(new.entity_code, new.subject_key) end;
    available := ledger.available_to_request(new.event, new.entity_code, new.subject_key);
    if exists (
        select from ledger.request_state as other
        where other.event = new.event and other.entity_code = new.entity_code
          and other.subject_key = new.subject_key and other.amount = new.amount
          and other.state in ('open', 'approved')
          and other.requested_at > clock_timestamp() - interval '30 days') then
        raise exception 'TIEOUT DUPLICATE: the same was asked for within the last 30 days';
    elsif new.amount > available then
        raise exception 'TIEOUT EXCEEDS: more than the % that the books leave for it',
            greatest(available, 0);
    elsif new.attachment_sha256 is not null and new.attachment_size is null then
        raise exception 'TIEOUT ATTACHMENT: a document has its size and media type';
    end if;
    if starts_with(new.event, 'refund.') then
        new := ledger.complete_refund(new);
    elsif num_nonnulls(new.payee, new.other_tender_reason) > 0 then
        raise exception 'TIEOUT PAYEE: only a refund has a payee';
    end if;
    new.content_hash := ledger.request_hash(new);
    return new;
end $$;
