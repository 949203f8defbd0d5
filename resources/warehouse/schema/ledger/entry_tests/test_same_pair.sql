-- Audit test: entries whose maker and signer are the same two persons too often.
create or replace function ledger.test_same_pair(p_share_percent numeric, p_minimum integer)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with signed as (
        select entry.entry_id, entry.gross_amount, entry.proposed_by, approval.approver
        from ledger.tested_entry as entry join ledger.approval as approval using (entry_id)
        where approval.voided_at is null and approval.basis = 'person'
    ),
    counted as (
        select signed.*,
               count(*) over (partition by proposed_by, approver) as together,
               count(*) over (partition by proposed_by) as maker_total
        from signed
    )
    select entry_id, gross_amount, proposed_by || ' and ' || approver || ' in ' || together
        || ' of ' || maker_total || ' signatures'
    from counted
    where maker_total >= p_minimum and 100.0 * together / maker_total >= p_share_percent
    order by entry_id, approver
$$;
