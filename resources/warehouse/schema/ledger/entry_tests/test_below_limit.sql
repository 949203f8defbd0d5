-- Audit test: entries that lie within some percent below the limit that their signature used.
create or replace function ledger.test_below_limit(p_percent numeric)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with measure as (
        select entry.entry_id, entry.gross_amount, approval.basis, allowed.entry_amount,
               allowed.event_amount, (
                   select max(abs(signed_amount)) from ledger.entry_event as event
                   where event.entry_id = entry.entry_id) as largest
        from ledger.tested_entry as entry
        join (select distinct entry_id, basis, policy_id, limit_id from ledger.approval
              where voided_at is null) as approval using (entry_id)
        join ledger.policy_limit as allowed using (policy_id, limit_id)
    )
    select entry_id, gross_amount, basis || ' limit of one ' || case
        when gross_amount > entry_amount * (1 - p_percent / 100)
             and gross_amount <= entry_amount then 'entry, ' || entry_amount
        else 'event, ' || event_amount end
    from measure
    where (gross_amount > entry_amount * (1 - p_percent / 100) and gross_amount <= entry_amount)
       or (largest > event_amount * (1 - p_percent / 100) and largest <= event_amount)
    order by entry_id
$$;
