-- A person approves or refuses an opening list, with a reason.
create or replace function ledger.decide_opening(
    p_list_id bigint, p_act text, p_content_hash text, p_reason text default null
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    now_state text;
begin
    if p_act not in ('approved', 'refused') then
        raise exception 'TIEOUT ACT: a list is approved or refused';
    elsif exists (select from ledger.opening_act
                  where list_id = p_list_id and actor = session_user) then
        raise exception 'TIEOUT STATE: % decided on list % already', session_user, p_list_id;
    end if;
    insert into ledger.opening_act (list_id, act, content_hash, reason, is_controller, is_last,
        actor, acted_at)
    values (p_list_id, p_act, p_content_hash, p_reason, false, false, session_user,
        clock_timestamp());
    select state into now_state from ledger.opening_state where list_id = p_list_id;
    return now_state;
end $$;
