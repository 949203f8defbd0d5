-- Events that are recorded by one version of a rule and desired by another, with other accounts
-- or another sign, of the same entity and date. An event that moved to another date or entity is
-- new evidence: its variant is that of its date.
create or replace function ledger.draft_candidates() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    drop table if exists pg_temp.draft_candidate;
    create temporary table draft_candidate on commit drop as
    with standing as (           -- line by line, as it is recorded now
        select line.event_id, line.entity_code, line.original_date, line.rule, line.account,
               sum(line.signed_amount) as amount, max(line.entry_id) as entry_id,
               (array_agg(line.rule_version order by line.entry_id desc, line.line_no desc))[1]
                   as rule_version
        from ledger.entry_event as line join ledger.entry as entry using (entry_id)
        where ledger.is_recorded(entry.state)
          and line.event_id in (select event_id from draft_difference)
        group by line.event_id, line.entity_code, line.original_date, line.rule, line.account,
                 line.facility_code, line.payer_class, line.claim_key, line.account_key,
                 line.control_key
        having sum(line.signed_amount) <> 0
    ),
    recorded as (
        select event_id, entity_code, original_date, max(entry_id) as entry_id,
               (array_agg(rule_version order by entry_id desc))[1] as rule_version
        from standing group by event_id, entity_code, original_date
    ),
    side as (
        select true as is_desired, event_id, entity_code, original_date, rule, account,
               sum(signed_amount) as amount
        from ledger.desired_line
        where reaches_erp and event_id in (select event_id from recorded)
        group by event_id, entity_code, original_date, rule, account
        union all
        select false, event_id, entity_code, original_date, rule, account, sum(amount)
        from standing group by event_id, entity_code, original_date, rule, account
    ),
    event as (           -- with its lines, or without any
        select distinct event_id, entity_code, original_date, rule, rule_version
        from ledger.desired_line where event_id in (select event_id from recorded)
        union all
        select event_id, entity_code, original_date, rule, rule_version
        from ledger.desired_event where event_id in (select event_id from recorded)
    ),
    shape as (
        select event_id, entity_code, original_date,
               string_agg(concat_ws(' ', rule, account, sign(amount)), ',' order by rule, account)
                   filter (where is_desired) as desired,
               string_agg(concat_ws(' ', rule, account, sign(amount)), ',' order by rule, account)
                   filter (where not is_desired) as recorded
        from side where amount <> 0 group by event_id, entity_code, original_date
    )
    select event.event_id, event.entity_code, event.original_date, event.rule,
           recorded.rule_version as from_version, event.rule_version as to_version,
           recorded.entry_id as after_entry_id
    from recorded join shape using (event_id, entity_code, original_date)
    join event using (event_id, entity_code, original_date)
    where event.rule_version <> recorded.rule_version
      and shape.desired is distinct from shape.recorded;
    analyze draft_candidate;
end $$;
