-- A restatement order is decided once, by another person than its requester.
create or replace function ledger.guard_restatement_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.restatement_order;
begin
    perform ledger.check_text(new.reason, 'the reason');
    perform ledger.check_person();
    select * into held from ledger.restatement_order where order_id = new.order_id for update;
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    if held.order_id is null then
        raise exception 'TIEOUT NO_ORDER: there is no restatement order %', new.order_id;
    elsif exists (select from ledger.restatement_act where order_id = new.order_id) then
        raise exception 'TIEOUT STATE: restatement order % is decided', new.order_id;
    elsif held.asked_by = session_user then
        raise exception 'TIEOUT SELF_APPROVAL: who asks for a restatement does not decide it';
    elsif new.content_hash is distinct from held.content_hash
        or ledger.restatement_content(held) <> held.content_hash then
        raise exception 'TIEOUT CONTENT: restatement order % is not what was seen', new.order_id;
    elsif new.act = 'refused' and coalesce(btrim(new.reason), '') = '' then
        raise exception 'TIEOUT REASON: a refusal needs a reason';
    end if;
    perform ledger.check_role(coalesce((select includes_role from ledger.approval_class
        where approval_class = 'restatement'), 'approver'));
    return new;
end $$;
