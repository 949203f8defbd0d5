-- What a limit measures: the request with approved ones for the same account (else the same
-- subject) within the policy's days, and with those of the same maker within 24 hours; both
-- among requests on the same balance.
create or replace function ledger.request_measure(p_request_id bigint)
returns table (account_amount numeric, day_amount numeric)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with placed as (
        select request.*, coalesce(kind.room_account, request.event) as family
        from ledger.request_state as request join ledger.request_kind as kind using (event)
    ),
    held as (select * from placed where request_id = p_request_id)
    select held.amount + coalesce(sum(other.amount) filter (
               where coalesce(other.account_key, other.subject_key)
                     = coalesce(held.account_key, held.subject_key)
                 and other.decided_at > clock_timestamp() - make_interval(days => (
                     select days from ledger.policy_request
                     where policy_id = ledger.policy_id()))), 0),
           held.amount + coalesce(sum(other.amount) filter (
               where other.requested_by = held.requested_by
                 and other.decided_at > clock_timestamp() - interval '24 hours'), 0)
    from held left join placed as other
        on other.entity_code = held.entity_code and other.family = held.family
       and other.request_id <> held.request_id and other.state = 'approved'
    group by held.amount
$$;
