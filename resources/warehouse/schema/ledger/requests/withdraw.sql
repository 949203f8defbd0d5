-- The requester withdraws an open request.
create or replace function ledger.withdraw(p_request_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.request_act (request_id, act, content_hash, actor, acted_at, decided_date)
    values (p_request_id, 'withdrawn', '', session_user, clock_timestamp(), 'epoch');
end $$;
