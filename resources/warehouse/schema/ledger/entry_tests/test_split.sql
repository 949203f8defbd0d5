-- Audit test: several entries of one maker and class within hours, each within a limit, together
-- above it.
create or replace function ledger.test_split(p_hours integer)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with near as (
        select entry.entry_id, entry.gross_amount, approval.basis, allowed.entry_amount,
               sum(entry.gross_amount) over hours as together, count(*) over hours as entries
        from ledger.tested_entry as entry
        join (select distinct entry_id, basis, policy_id, limit_id from ledger.approval
              where voided_at is null) as approval using (entry_id)
        join ledger.policy_limit as allowed using (policy_id, limit_id)
        window hours as (
            partition by entry.entity_code, entry.proposed_by, entry.approval_class, basis
            order by entry.proposed_at
            range between make_interval(hours => p_hours) preceding
                and make_interval(hours => p_hours) following)
    )
    select entry_id, gross_amount, entries || ' entries of ' || together || ' together, '
        || basis || ' limit ' || entry_amount
    from near
    where entries > 1 and gross_amount <= entry_amount and together > entry_amount
    order by entry_id
$$;
