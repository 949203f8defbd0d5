-- Completes a manual entry: lines, amount, class and subject, for any requester.
create or replace function ledger.complete_entry(asked ledger.request) returns ledger.request
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
        asked.lines := ledger.complete_lines(asked.entity_code, asked.reason_code, asked.lines);
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
