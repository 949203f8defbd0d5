-- A person approves or refuses a request, with a reason.
create or replace function ledger.decide(
    p_request_id bigint, p_act text, p_content_hash text, p_reason text default null
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    now_state text;
begin
    if p_act not in ('approved', 'refused') then
        raise exception 'TIEOUT ACT: a request is approved or refused';
    end if;
    insert into ledger.request_act (request_id, act, content_hash, reason, actor, acted_at,
        decided_date)
    values (p_request_id, p_act, p_content_hash, p_reason, session_user, clock_timestamp(),
        'epoch');
    select state into now_state from ledger.request_state where request_id = p_request_id;
    return now_state;
end $$;
