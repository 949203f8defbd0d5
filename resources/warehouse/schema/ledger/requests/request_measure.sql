-- What a limit measures: the request with approved ones for the same account (else the same
-- subject) within the policy's days; and the larger of those of the same maker within 24 hours,
-- over all entities, and of the manual entries that moved one of its accounts within the days.
-- Only requests on the same balance count.
create or replace function ledger.request_measure(p_request_id bigint)
returns table (account_amount numeric, day_amount numeric)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with placed as (
        select request.*, coalesce(kind.room_account, request.event) as family
        from ledger.request_state as request join ledger.request_kind as kind using (event)
    ),
    held as (select * from placed where request_id = p_request_id),
    other as (
        select other.*, other.decided_at > clock_timestamp() - make_interval(days => (
                   select days from ledger.policy_request
                   where policy_id = ledger.policy_id())) as is_within_days,
               other.requested_by = held.requested_by
                   and other.decided_at > clock_timestamp() - interval '24 hours' as is_of_maker,
               other.entity_code = held.entity_code
                   and coalesce(other.account_key, other.subject_key)
                       = coalesce(held.account_key, held.subject_key) as is_of_account,
               other.event = 'request.entry'
                   and ledger.share_account(held.lines, other.lines) as is_on_its_accounts
        from held join placed as other
            on other.family = held.family and other.request_id <> held.request_id
           and other.state = 'approved'
    )
    select held.amount + coalesce(sum(other.amount) filter (
               where other.is_of_account and other.is_within_days), 0),
           held.amount + greatest(
               coalesce(sum(other.amount) filter (where other.is_of_maker), 0),
               coalesce(sum(other.amount) filter (
                   where other.is_on_its_accounts and other.is_within_days), 0))
    from held left join other on true
    group by held.amount
$$;
