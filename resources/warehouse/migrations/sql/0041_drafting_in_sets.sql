-- Drafts of entries in fewer passes over the lines that differ.

-- Lines whose recorded sum is not the desired one: both sides summed together by what makes two
-- lines the same. What is recorded and no longer desired keeps the words of its newest entry.
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

-- The day of each class is worked out once for a day, and not once for each line of it.
create or replace function ledger.draft_events(p_as_of date) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    create temporary table draft_event on commit drop as
    with changed_rule as (
        -- The rule changed under recorded evidence, and an order lets it work backwards.
        select event_id from draft_restated
    ),
    class as materialized (
        select event_id, entity_code, original_date,
               coalesce(max('restatement') filter (
                            where event_id in (select event_id from changed_rule)),
                        max(desired_class), max(recorded_class)) as approval_class
        from draft_difference group by event_id, entity_code, original_date
    ),
    day as materialized (
        select asked.entity_code, asked.original_date, asked.approval_class, coalesce((
                   select min(greatest(period.period_start, least(asked.original_date, p_as_of)))
                   from ledger.period as period
                   where period.entity_code = asked.entity_code
                     and period.period_end >= least(asked.original_date, p_as_of)
                     and period.period_start <= p_as_of
                     and (case when period.own_status = 'open' then period.erp_status = 'open'
                          else ledger.period_takes_class(period.own_status, period.erp_status,
                              asked.approval_class) end)), p_as_of) as accounting_date
        from (select distinct entity_code, original_date, approval_class from class) as asked
    )
    select draft.*, day.accounting_date, class.approval_class, 1 as part,
           date_trunc('month', draft.original_date)::date as original_period,
           case when draft.signed_amount > 0 then 1 else 2 end as side
    from draft_difference as draft
    join class using (event_id, entity_code, original_date)
    join day using (entity_code, original_date, approval_class);
    analyze draft_event;
end $$;

-- Rules of one entry stay together; a part is begun when the next rule would not fit any more.
create or replace function ledger.draft_parts() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    most integer := (select entry_lines from ledger.installation);
    unit record;
    grain text := '';
    part_no integer;
    filled integer;
begin
    for unit in
        with line as (
            select distinct entity_code, accounting_date, approval_class, rule, account,
                   facility_code, payer_class, original_period, side
            from draft_event
        ),
        counted as (
            select entity_code, accounting_date, approval_class, rule, count(*) as lines
            from line group by entity_code, accounting_date, approval_class, rule
        )
        select counted.*, concat_ws('|', entity_code, accounting_date, approval_class) as entry
        from (select *, sum(lines) over (
                  partition by entity_code, accounting_date, approval_class) as total
              from counted) as counted
        where total > most order by entry, rule
    loop
        if unit.entry <> grain then
            grain := unit.entry;
            part_no := 1;
            filled := 0;
        end if;
        if filled > 0 and filled + unit.lines > most then
            part_no := part_no + 1;
            filled := 0;
        end if;
        filled := filled + unit.lines;
        if part_no > 1 then
            update draft_event set part = part_no
            where entity_code = unit.entity_code and accounting_date = unit.accounting_date
              and approval_class = unit.approval_class and rule = unit.rule;
        end if;
    end loop;
end $$;

-- Lines are summed and numbered first, and their events get the number: sums are few, events many.
-- The planner takes the eight equal columns for rare and would sort the events to merge them.
create or replace function ledger.draft_entries() returns void
language plpgsql set search_path = pg_catalog, pg_temp set enable_mergejoin = off as $$
begin
    create temporary table draft_line on commit drop as
    select line.entity_code, line.accounting_date, line.approval_class, line.part,
           row_number() over (
               partition by line.entity_code, line.accounting_date, line.approval_class, line.part
               order by line.rule collate "C", line.original_period, line.account collate "C",
                        line.facility_code collate "C", line.payer_class collate "C", line.side
           )::integer as line_no, line.rule, line.account, line.facility_code, line.payer_class,
           line.original_period, line.side,
           (case when line.side = 1 then line.amount else 0 end)::numeric(14, 2) as debit_amount,
           (case when line.side = 2 then -line.amount else 0 end)::numeric(14, 2) as credit_amount,
           case when line.original_period < date_trunc('month', line.accounting_date)
               then ledger.correction_class_of(line.entity_code, line.original_period, line.rule)
               end as correction_class
    from (
        select entity_code, accounting_date, approval_class, part, rule, account, facility_code,
               payer_class, original_period, side, sum(signed_amount) as amount
        from draft_event
        group by entity_code, accounting_date, approval_class, part, rule, account,
                 facility_code, payer_class, original_period, side
    ) as line;
    analyze draft_line;
    create temporary table draft_line_event on commit drop as
    select event.*, line.line_no
    from draft_event as event join draft_line as line
        using (entity_code, accounting_date, approval_class, part, rule, account,
               original_period, side)
    where coalesce(event.facility_code, chr(30)) = coalesce(line.facility_code, chr(30))
      and coalesce(event.payer_class, chr(30)) = coalesce(line.payer_class, chr(30));
    create temporary table draft_entry on commit drop as
    select entity_code, accounting_date, approval_class, part, lines.line_count,
           lines.gross_amount,
           ledger.entry_hash(entity_code, accounting_date, approval_class, part,
               lines.content, events.content) as content_hash
    from (
        select entity_code, accounting_date, approval_class, part,
               count(*)::integer as line_count, sum(debit_amount) as gross_amount,
               string_agg(ledger.line_text(line_no, rule, account, facility_code, payer_class,
                   original_period, debit_amount, credit_amount, correction_class), chr(28)
                   order by line_no) as content
        from draft_line group by entity_code, accounting_date, approval_class, part
    ) as lines join (
        select entity_code, accounting_date, approval_class, part,
               string_agg(ledger.event_text(line_no, line_id, event_id, event, rule, rule_version,
                   account, signed_amount, entity_code, facility_code, payer_class, claim_key,
                   account_key, control_key, original_date, evidence_hash, file_id, segment),
                   chr(28) order by line_no, line_id collate "C", signed_amount) as content
        from draft_line_event group by entity_code, accounting_date, approval_class, part
    ) as events using (entity_code, accounting_date, approval_class, part);
end $$;
