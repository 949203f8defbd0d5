-- Proposing: the difference between what the evidence demands and what is recorded.
-- Recorded are entries approved, sending, unknown or posted. An open proposal that says the same
-- is kept and stamped with the new build; one that says something else gives way to its next
-- generation, and its signatures with it.

-- What differs, event by event and account by account. `line_key` is what makes two lines the
-- same: event, rule, account, dimensions and original date; neither the file nor the rule version.
create function ledger.draft_differences() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    create temporary table draft_difference on commit drop as
    with desired as (
        select concat_ws(chr(31), event_id, rule, account, entity_code,
                   coalesce(facility_code, ''), coalesce(payer_class, ''),
                   coalesce(claim_key, ''), coalesce(account_key, ''),
                   coalesce(control_key, ''), original_date) as line_key,
               sum(signed_amount) as amount, min(line_id) as line_id, event_id,
               min(event) as event, rule, min(rule_version) as rule_version, account, entity_code,
               facility_code, payer_class, claim_key, account_key, control_key, original_date,
               min(approval_class) as approval_class, min(evidence_hash) as evidence_hash,
               min(file_id::text)::uuid as file_id, min(segment) as segment,
               min(known_at) as known_at
        from marts.fct_ledger_line
        where reaches_erp
        group by line_key, event_id, rule, account, entity_code, facility_code, payer_class,
                 claim_key, account_key, control_key, original_date
    ),
    recorded as (
        select concat_ws(chr(31), line.event_id, line.rule, line.account, line.entity_code,
                   coalesce(line.facility_code, ''), coalesce(line.payer_class, ''),
                   coalesce(line.claim_key, ''), coalesce(line.account_key, ''),
                   coalesce(line.control_key, ''), line.original_date) as line_key,
               sum(line.signed_amount) as amount, max(line.entry_id) as entry_id
        from ledger.entry_event as line join ledger.entry as entry using (entry_id)
        where entry.state in ('approved', 'sending', 'unknown', 'posted')
        group by line_key
    ),
    changed as (
        select line_key, coalesce(desired.amount, 0) - coalesce(recorded.amount, 0) as amount,
               recorded.entry_id, desired.line_id as desired_line_id
        from desired full join recorded using (line_key)
        where coalesce(desired.amount, 0) <> coalesce(recorded.amount, 0)
    )
    select changed.amount::numeric(14, 2) as signed_amount, line.line_id, line.event_id,
           line.event, line.rule, line.rule_version, line.account, line.entity_code,
           line.facility_code, line.payer_class, line.claim_key, line.account_key,
           line.control_key, line.original_date, line.approval_class as desired_class,
           null::text as recorded_class, line.evidence_hash, line.file_id, line.segment,
           line.known_at
    from changed join desired as line using (line_key)
    union all
    select changed.amount::numeric(14, 2), line.line_id, line.event_id, line.event, line.rule,
           line.rule_version, line.account, line.entity_code, line.facility_code,
           line.payer_class, line.claim_key, line.account_key, line.control_key,
           line.original_date, null, line.approval_class, line.evidence_hash, line.file_id,
           line.segment, line.known_at
    from changed cross join lateral (
        select event.*, entry.approval_class
        from ledger.entry_event as event join ledger.entry as entry using (entry_id)
        where event.entry_id = changed.entry_id
          and concat_ws(chr(31), event.event_id, event.rule, event.account, event.entity_code,
                  coalesce(event.facility_code, ''), coalesce(event.payer_class, ''),
                  coalesce(event.claim_key, ''), coalesce(event.account_key, ''),
                  coalesce(event.control_key, ''), event.original_date) = changed.line_key
          and event.event_id = split_part(changed.line_key, chr(31), 1)
        order by event.line_no limit 1
    ) as line
    where changed.desired_line_id is null;
    analyze draft_difference;
end $$;

-- Each difference gets its entry: entity, accounting date, approval class.
-- The date is the first open day on or after the original one, never after the as-of date; where
-- there is none the line waits on a proposal of the as-of date, held by its period.
-- All sides of one event in one entry: so the class belongs to the event, not to the side.
create function ledger.draft_events(p_as_of date) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    create temporary table draft_event on commit drop as
    with day as (
        select asked.entity_code, asked.original_date, coalesce((
                   select min(greatest(period.period_start, least(asked.original_date, p_as_of)))
                   from ledger.period as period
                   where period.entity_code = asked.entity_code
                     and period.own_status = 'open' and period.erp_status = 'open'
                     and period.period_end >= least(asked.original_date, p_as_of)
                     and period.period_start <= p_as_of), p_as_of) as accounting_date
        from (select distinct entity_code, original_date from draft_difference) as asked
    ),
    changed_rule as (
        -- The rule changed under recorded evidence: the old account goes, another one comes.
        select event_id from draft_difference group by event_id
        having bool_or(desired_class is null) and bool_or(desired_class is not null)
           and min(rule_version) <> max(rule_version)
    ),
    class as (
        select event_id, entity_code, original_date,
               coalesce(max('restatement') filter (
                            where event_id in (select event_id from changed_rule)),
                        max(desired_class), max(recorded_class)) as approval_class
        from draft_difference group by event_id, entity_code, original_date
    )
    select draft.*, day.accounting_date, class.approval_class, 1 as part,
           date_trunc('month', draft.original_date)::date as original_period,
           case when draft.signed_amount > 0 then 1 else 2 end as side
    from draft_difference as draft
    join day using (entity_code, original_date)
    join class using (event_id, entity_code, original_date);
    analyze draft_event;
end $$;

-- An ERP limits the lines of a document: an entry goes in parts, and a rule balances by itself,
-- so that parts made of whole rules balance too.
create function ledger.draft_parts() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    most integer := (select entry_lines from ledger.installation);
    unit record;
    grain text := '';
    part_no integer;
    filled integer;
begin
    for unit in
        with counted as (
            select entity_code, accounting_date, approval_class, rule,
                   count(distinct (account, facility_code, payer_class, original_period, side))
                       as lines
            from draft_event group by entity_code, accounting_date, approval_class, rule
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

-- Lines sum rule, account, dimensions, original period and side; sides are never netted.
create function ledger.draft_entries() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    create temporary table draft_line_event on commit drop as
    select draft_event.*, dense_rank() over (
        partition by entity_code, accounting_date, approval_class, part
        order by rule collate "C", original_period, account collate "C",
                 facility_code collate "C", payer_class collate "C", side)::integer as line_no
    from draft_event;
    create temporary table draft_line on commit drop as
    select entity_code, accounting_date, approval_class, part, line_no, rule, account,
           facility_code, payer_class, original_period,
           (case when side = 1 then sum(signed_amount) else 0 end)::numeric(14, 2) as debit_amount,
           (case when side = 2 then -sum(signed_amount) else 0 end)::numeric(14, 2)
               as credit_amount,
           case when original_period < date_trunc('month', accounting_date)
               then 'new_information' end as correction_class
    from draft_line_event
    group by entity_code, accounting_date, approval_class, part, line_no, rule, account,
             facility_code, payer_class, original_period, side;
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

-- Store the drafts that no open proposal says already, as the next generation of their entry.
create function ledger.store_drafts(p_build_id text) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    stored integer;
begin
    create temporary table new_entry on commit drop as
    select draft.*, 1 + coalesce((
               select max(entry.generation) from ledger.entry as entry
               where (entry.entity_code, entry.accounting_date, entry.approval_class)
                     = (draft.entity_code, draft.accounting_date, draft.approval_class)), 0)
               as generation, null::bigint as entry_id
    from draft_entry as draft
    where not exists (
        select from ledger.entry as open
        where open.state in ('proposed', 'rejected')
          and (open.entity_code, open.accounting_date, open.approval_class, open.part)
              = (draft.entity_code, draft.accounting_date, draft.approval_class, draft.part));
    with added as (
        insert into ledger.entry (entity_code, accounting_date, approval_class, generation, part,
            build_id, content_hash, erp_key, line_count, gross_amount, proposed_by, proposed_at,
            made_by_xid)
        select entity_code, accounting_date, approval_class, generation, part, p_build_id,
               content_hash,
               left(encode(sha256(convert_to(concat_ws('|', installation_id, entity_code,
                   accounting_date, approval_class, part, generation), 'UTF8')), 'hex'), 40),
               line_count, gross_amount, session_user, clock_timestamp(), pg_current_xact_id()
        from new_entry cross join ledger.installation
        order by accounting_date, entity_code, approval_class, part
        returning *
    )
    update new_entry set entry_id = added.entry_id from added
    where (new_entry.entity_code, new_entry.accounting_date, new_entry.approval_class,
           new_entry.part)
        = (added.entity_code, added.accounting_date, added.approval_class, added.part);
    get diagnostics stored = row_count;
    insert into ledger.entry_line (entry_id, line_no, rule, account, facility_code, payer_class,
        original_period, debit_amount, credit_amount, correction_class)
    select entry_id, line_no, rule, account, facility_code, payer_class, original_period,
           debit_amount, credit_amount, correction_class
    from draft_line join new_entry using (entity_code, accounting_date, approval_class, part)
    order by entry_id, line_no;
    insert into ledger.entry_event (entry_id, line_no, line_id, event_id, event, rule,
        rule_version, account, signed_amount, entity_code, facility_code, payer_class, claim_key,
        account_key, control_key, original_date, evidence_hash, file_id, segment, known_at)
    select entry_id, line_no, line_id, event_id, event, rule, rule_version, account,
           signed_amount, entity_code, facility_code, payer_class, claim_key, account_key,
           control_key, original_date, evidence_hash, file_id, segment, known_at
    from draft_line_event join new_entry
        using (entity_code, accounting_date, approval_class, part)
    order by entry_id, line_no;
    if stored > 0 then   -- the check at the commit and the approval would scan without statistics
        analyze ledger.entry;
        analyze ledger.entry_line;
        analyze ledger.entry_event;
    end if;
    return stored;
end $$;

-- Void what is said no longer; unsent entries take the stamp of the new build.
create function ledger.void_and_stamp(
    p_build_id text, out voided_count integer, out unchanged_count integer
) language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    create temporary table gone on commit drop as
    select open.entry_id from ledger.entry as open
    where open.state in ('proposed', 'rejected')
      and not exists (
        select from draft_entry as draft
        where (open.entity_code, open.accounting_date, open.approval_class, open.part,
               open.content_hash)
            = (draft.entity_code, draft.accounting_date, draft.approval_class, draft.part,
               draft.content_hash));
    update ledger.approval set voided_at = clock_timestamp()
    where voided_at is null and entry_id in (select entry_id from gone);
    update ledger.entry set state = 'void' where entry_id in (select entry_id from gone);
    get diagnostics voided_count = row_count;
    update ledger.entry set build_id = p_build_id
    where state in ('proposed', 'rejected', 'approved') and build_id <> p_build_id;
    select count(*) into unchanged_count from ledger.entry
    where state in ('proposed', 'rejected');
end $$;

create function ledger.propose(p_build_id text)
returns table (proposed integer, voided integer, unchanged integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    as_of date;
    name text;
begin
    perform pg_advisory_xact_lock(7103002);
    select as_of_date into as_of from ops.build where build_id = p_build_id;
    if not found then
        raise exception 'TIEOUT NO_BUILD: this build was never opened';
    end if;
    -- Nobody's step may fall between the comparison and what is stored from it; and whoever locks
    -- entries first and writes the audit last meets nobody in the opposite order.
    perform from ledger.entry
    where state in ('proposed', 'approved', 'sending', 'unknown', 'rejected')
    order by entry_id for update;
    foreach name in array array['draft_difference', 'draft_event', 'draft_line_event',
        'draft_line', 'draft_entry', 'new_entry', 'gone'] loop
        execute format('drop table if exists pg_temp.%I', name);
    end loop;
    perform ledger.draft_differences();
    perform ledger.draft_events(as_of);
    perform ledger.draft_parts();
    perform ledger.draft_entries();
    select voided_count, unchanged_count into voided, unchanged
    from ledger.void_and_stamp(p_build_id);
    proposed := ledger.store_drafts(p_build_id);
    return next;
end $$;
