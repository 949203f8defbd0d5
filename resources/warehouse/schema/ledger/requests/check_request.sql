-- Refuses a request whose text, amount or subject no request of its kind may have.
create or replace function ledger.check_request(asked ledger.request, kind ledger.request_kind)
returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    ceiling constant numeric := (
        select amount from ledger.policy_request_ceiling
        where policy_id = ledger.policy_id() and event = asked.event);
begin
    perform ledger.check_text(asked.reason, 'the reason');
    perform ledger.check_text(asked.other_tender_reason, 'the reason for the other tender');
    if asked.amount > ceiling then
        raise exception 'TIEOUT CEILING: % is for at most %', asked.event, ceiling;
    elsif kind.subject in ('account', 'claim') and not exists (
        select from ledger.desired_line as line
        where line.entity_code = asked.entity_code
          and asked.subject_key = case kind.subject when 'account' then line.account_key
                                                    else line.claim_key end) then
        raise exception 'TIEOUT KEY: the books of % know no such %', asked.entity_code,
            kind.subject;
    end if;
end $$;
