-- The balance that is available to a request: the books with open requests and manual entries
-- taken off.
create or replace function ledger.available_to_request(p_event text, p_entity text, p_subject_key text)
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
    from ledger.desired_line
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
