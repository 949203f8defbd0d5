-- Lines whose recorded sum differs from the desired one. A line that is recorded and no longer
-- desired keeps the texts of its newest entry.
create or replace function ledger.draft_differences() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.draft_changed();
    create temporary table draft_difference on commit drop as
    select changed.amount::numeric(14, 2) as signed_amount, line.line_id, line.event_id,
           line.event, line.rule, line.rule_version, line.account, line.entity_code,
           line.facility_code, line.payer_class, line.claim_key, line.account_key,
           line.control_key, line.original_date, line.approval_class as desired_class,
           null::text as recorded_class, line.evidence_hash, line.file_id, line.segment,
           line.known_at
    from draft_changed as changed join ledger.desired_line as line using (line_id)
    union all
    select changed.amount::numeric(14, 2), line.line_id, line.event_id, line.event, line.rule,
           line.rule_version, line.account, line.entity_code, line.facility_code,
           line.payer_class, line.claim_key, line.account_key, line.control_key,
           line.original_date, null, line.approval_class, line.evidence_hash, line.file_id,
           line.segment, line.known_at
    from draft_changed as changed cross join lateral (
        select event.*, entry.approval_class
        from ledger.entry_event as event join ledger.entry as entry using (entry_id)
        where event.entry_id = changed.entry_id and event.event_id = changed.event_id
          and (event.rule, event.account, event.entity_code, coalesce(event.facility_code, ''),
               coalesce(event.payer_class, ''), coalesce(event.claim_key, ''),
               coalesce(event.account_key, ''), coalesce(event.control_key, ''),
               event.original_date)
            = (changed.rule, changed.account, changed.entity_code, changed.facility_key,
               changed.payer_key, changed.claim_name, changed.account_name,
               changed.control_name, changed.original_date)
        order by event.line_no limit 1
    ) as line
    where changed.line_id is null;
    analyze draft_difference;
end $$;
