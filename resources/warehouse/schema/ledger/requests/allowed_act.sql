-- Completes an approval with the limit that allows it and what was measured; refuses it where no
-- limit does.
create or replace function ledger.allowed_act(given ledger.request_act, p_event text)
returns ledger.request_act
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    rule record;
begin
    given.policy_id := ledger.policy_id();
    select * into given.account_amount, given.day_amount
    from ledger.request_measure(given.request_id);
    select allowed.limit_id,
           case when given.account_amount > allowed.amount
                    then 'the account''s requests exceed ' || allowed.limit_id
                when given.day_amount > allowed.day_amount
                    then '24 hours of one maker exceed ' || allowed.limit_id end as problem
    into rule
    from ledger.request_limits_of(session_user, p_event) as allowed
    order by problem nulls first, allowed.limit_id limit 1;
    if rule.limit_id is null then
        raise exception 'TIEOUT LIMIT: no limit lets % decide on %', session_user, p_event;
    elsif rule.problem is not null then
        raise exception 'TIEOUT LIMIT: request %: %', given.request_id, rule.problem;
    end if;
    given.limit_id := rule.limit_id;
    return given;
end $$;
