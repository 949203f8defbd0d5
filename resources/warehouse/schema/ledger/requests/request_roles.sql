-- The roles whose approval a request still lacks: its class's, that of another tender,
-- and that of a reference which the books do not know.
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
        union
        -- A reference that no line of the books has is judged by a controller.
        select policy.other_tender_role
        from ledger.request join ledger.request_kind as kind using (event)
        join ledger.policy_request as policy on policy.policy_id = ledger.policy_id()
        where request_id = p_request_id and kind.subject = 'reference' and not exists (
            select from ledger.desired_line as line
            where line.entity_code = request.entity_code
              and line.control_key = request.subject_key)
    ) as wanted
    where wanted.role is not null and not exists (
        select from ledger.request_act as done
        where done.request_id = p_request_id and done.act = 'approved'
          and ledger.holds_role(coalesce(done.policy_id, ledger.policy_id()),
              ledger.short_login(done.actor::name), wanted.role))
$$;
