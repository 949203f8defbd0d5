-- Sums both sides, desired and recorded, by what makes two lines the same, in the buckets that
-- differ; keeps what does not sum to zero.
create or replace function ledger.draft_changed() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    create temporary table draft_changed on commit drop as
    with line as (
        select line.event_id, line.rule, line.account, line.entity_code, line.facility_code,
               line.payer_class, line.claim_key, line.account_key, line.control_key,
               line.original_date, line.signed_amount as amount, line.line_id,
               null::bigint as entry_id
        from ledger.desired_line as line
        where line.reaches_erp
          and (line.entity_code, line.original_date, left(md5(line.event_id), 1))
              in (select entity_code, original_date, slot from pg_temp.draft_bucket)
        union all
        select line.event_id, line.rule, line.account, line.entity_code, line.facility_code,
               line.payer_class, line.claim_key, line.account_key, line.control_key,
               line.original_date, -line.signed_amount, null, line.entry_id
        from ledger.entry_event as line join ledger.entry as entry using (entry_id)
        where entry.state in ('approved', 'sending', 'unknown', 'posted')
          and (line.entity_code, line.original_date, left(md5(line.event_id), 1))
              in (select entity_code, original_date, slot from pg_temp.draft_bucket)
    )
    select event_id, rule, account, entity_code, coalesce(facility_code, '') as facility_key,
           coalesce(payer_class, '') as payer_key, coalesce(claim_key, '') as claim_name,
           coalesce(account_key, '') as account_name, coalesce(control_key, '') as control_name,
           original_date, sum(amount) as amount, max(entry_id) as entry_id,
           min(line_id) as line_id
    from line
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    having sum(amount) <> 0;
    analyze draft_changed;
end $$;
