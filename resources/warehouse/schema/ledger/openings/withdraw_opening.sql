-- A preparer withdraws an opening list that is not approved.
create or replace function ledger.withdraw_opening(p_list_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.opening_act (list_id, act, content_hash, is_controller, is_last, actor,
        acted_at)
    values (p_list_id, 'withdrawn', '', false, false, session_user, clock_timestamp());
end $$;
