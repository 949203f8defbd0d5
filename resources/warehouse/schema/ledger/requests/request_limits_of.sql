-- The limits on requests of an event that a login may use. Where rows of a role name the event,
-- that role's rows for all events do not count.
create or replace function ledger.request_limits_of(p_login name, p_event text)
returns setof ledger.policy_request_limit
language sql stable set search_path = pg_catalog, pg_temp as $$
    with mine as (
        select allowed.* from ledger.policy_request_limit as allowed
        where allowed.policy_id = ledger.policy_id()
          and (allowed.events is null or p_event = any(allowed.events))
          and ledger.holds_role(allowed.policy_id, ledger.short_login(p_login), allowed.role)
    )
    select * from mine where events is not null or not exists (
        select from mine as named where named.role = mine.role and named.events is not null)
$$;
