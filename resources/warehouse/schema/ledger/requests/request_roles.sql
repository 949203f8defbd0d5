-- The roles whose approval a request still lacks: its class's, and that of another tender.
create or replace function ledger.request_roles(p_request_id bigint) returns setof text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select wanted.role from (
        select class.includes_role as role
        from ledger.request_state as request
        join ledger.approval_class as class using (approval_class)
        where request.request_id = p_request_id
        union
        select policy.other_tender_role
        from ledger.request join ledger.policy_request as policy
            on policy.policy_id = ledger.policy_id()
        where request_id = p_request_id and other_tender_reason is not null
    ) as wanted
    where wanted.role is not null and not exists (
        select from ledger.request_act as done
        where done.request_id = p_request_id and done.act = 'approved'
          and ledger.holds_role(coalesce(done.policy_id, ledger.policy_id()),
              ledger.short_login(done.actor::name), wanted.role))
$$;
