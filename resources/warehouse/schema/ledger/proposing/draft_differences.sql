-- Lines whose recorded sum differs from the desired one: both sides are summed by what makes two
-- lines the same. A line that is recorded and no longer desired keeps the texts of its newest
-- entry.
create or replace function ledger.draft_differences(p_is_full boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    -- A text, so that what is looked at is planned as a look-up: one statement, two scopes.
    scope constant text := case when p_is_full then 'true' else
        '(line.entity_code, line.original_date, left(md5(line.event_id), 1))'
        ' in (select entity_code, original_date, slot from pg_temp.draft_bucket)' end;
begin
    execute format($query$
    create temporary table draft_difference on commit drop as
    with line as (
        select line.event_id, line.rule, line.account, line.entity_code,
               coalesce(line.facility_code, '') as facility_key,
               coalesce(line.payer_class, '') as payer_key,
               coalesce(line.claim_key, '') as claim_name,
               coalesce(line.account_key, '') as account_name,
               coalesce(line.control_key, '') as control_name, line.original_date,
               line.signed_amount as amount, line.line_id, line.event, line.rule_version,
               line.facility_code, line.payer_class, line.claim_key, line.account_key,
               line.control_key, line.approval_class, line.evidence_hash, line.file_id,
               line.segment, line.known_at, null::bigint as entry_id
        from marts.fct_ledger_line as line
        where line.reaches_erp and %1$s
        union all
        select line.event_id, line.rule, line.account, line.entity_code,
               coalesce(line.facility_code, ''), coalesce(line.payer_class, ''),
               coalesce(line.claim_key, ''), coalesce(line.account_key, ''),
               coalesce(line.control_key, ''), line.original_date,
               -line.signed_amount, null, null, null, null, null, null, null, null, null, null,
               null, null, null, line.entry_id
        from ledger.entry_event as line join ledger.entry as entry using (entry_id)
        where entry.state in ('approved', 'sending', 'unknown', 'posted') and %1$s
    ),
    changed as materialized (
        select event_id, rule, account, entity_code, facility_key, payer_key, claim_name,
               account_name, control_name, original_date, sum(amount) as amount,
               max(entry_id) as entry_id, min(line_id) as line_id, min(event) as event,
               min(rule_version) as rule_version, min(facility_code) as facility_code,
               min(payer_class) as payer_class, min(claim_key) as claim_key,
               min(account_key) as account_key, min(control_key) as control_key,
               min(approval_class) as approval_class, min(evidence_hash) as evidence_hash,
               min(file_id::text)::uuid as file_id,
               min(segment) as segment, min(known_at) as known_at
        from line
        group by event_id, rule, account, entity_code, facility_key, payer_key, claim_name,
                 account_name, control_name, original_date
        having sum(amount) <> 0
    )
    select amount::numeric(14, 2) as signed_amount, line_id, event_id, event, rule, rule_version,
           account, entity_code, facility_code, payer_class, claim_key, account_key, control_key,
           original_date, approval_class as desired_class, null::text as recorded_class,
           evidence_hash, file_id, segment, known_at
    from changed where line_id is not null
    union all
    select changed.amount::numeric(14, 2), line.line_id, line.event_id, line.event, line.rule,
           line.rule_version, line.account, line.entity_code, line.facility_code,
           line.payer_class, line.claim_key, line.account_key, line.control_key,
           line.original_date, null, line.approval_class, line.evidence_hash, line.file_id,
           line.segment, line.known_at
    from changed cross join lateral (
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
    where changed.line_id is null
    $query$, scope);
    analyze draft_difference;
end $$;
