-- Drafted events of days that the accepted inputs knew, without new evidence: neither the event
-- nor any line of its claim, account or control item became known since; the larger side of each.
create or replace function ledger.unexplained_events(held ledger.accepted_inputs)
returns table (event_id text, entity_code text, original_date date, amount numeric)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
    return query
    with new_key as materialized (
        select distinct named.key
        from ledger.desired_line as line
        cross join lateral (values (line.claim_key), (line.account_key), (line.control_key))
            as named (key)
        where line.known_at > held.known_at and named.key is not null
    )
    select draft.event_id, draft.entity_code, draft.original_date,
           greatest(sum(draft.signed_amount) filter (where draft.signed_amount > 0),
                    -sum(draft.signed_amount) filter (where draft.signed_amount < 0))
    from draft_difference as draft
    where draft.original_date <= held.as_of_date
    group by draft.event_id, draft.entity_code, draft.original_date
    having not bool_or(coalesce(draft.known_at > held.known_at, false)
        or coalesce(draft.claim_key in (select key from new_key), false)
        or coalesce(draft.account_key in (select key from new_key), false)
        or coalesce(draft.control_key in (select key from new_key), false));
end $$;
