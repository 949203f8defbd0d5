-- What a period takes, and what keeps it from closing.

create function ledger.is_soft(p_entity_code text, p_date date) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.period
        where entity_code = p_entity_code and p_date between period_start and period_end
          and own_status = 'soft' and erp_status = 'open')
$$;
-- Open: everything. Soft: named classes only. The stricter of our status and the ERP's counts.
create function ledger.period_takes_class(
    p_own_status text, p_erp_status text, p_class text
) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select p_erp_status = 'open' and (p_own_status = 'open' or (p_own_status = 'soft' and exists (
        select from ledger.policy
        where policy_id = ledger.policy_id() and p_class = any(soft_classes))))
$$;
-- An entry posts into a soft period when its class is named and the role of the policy signed.
create function ledger.period_takes(
    p_entry_id bigint, p_entity_code text, p_date date, p_class text
) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.period
        where entity_code = p_entity_code and p_date between period_start and period_end
          and ledger.period_takes_class(own_status, erp_status, p_class)
          and (own_status = 'open' or ledger.has_signature(p_entry_id, (
                select soft_role from ledger.policy where policy_id = ledger.policy_id()))))
$$;

-- One gate still: the hold view and the resend ask the function above, and two holds are new.
do $$
declare
    body text := rtrim(pg_get_viewdef('ledger.hold'::regclass), ';');
    resend text := pg_get_functiondef('ledger.check_resend(ledger.entry)'::regprocedure);
begin
    if strpos(body, 'ledger.has_open_period(entry.entity_code, entry.accounting_date)') = 0
       or strpos(resend, 'ledger.has_open_period(held.entity_code, held.accounting_date)') = 0 then
        raise exception 'TIEOUT MIGRATION: the gate does not ask for the period as expected';
    end if;
    execute 'create or replace view ledger.hold as ' || replace(body,
        'ledger.has_open_period(entry.entity_code, entry.accounting_date)',
        'ledger.period_takes(entry.entry_id, entry.entity_code, entry.accounting_date, '
        'entry.approval_class)') || $view$
    union all
    select entry.entry_id, 'APPROVAL',
           'waits for the signature of a ' || ledger.missing_role(entry.entry_id)
    from ledger.entry as entry
    where entry.state = 'proposed' and ledger.missing_role(entry.entry_id) is not null
    union all
    select entry.entry_id, 'CORRECTION', ledger.correction_problem(entry.entry_id)
    from ledger.entry as entry
    where entry.state = 'proposed' and ledger.correction_problem(entry.entry_id) is not null
    $view$;
    execute replace(resend,
        'ledger.has_open_period(held.entity_code, held.accounting_date)',
        'ledger.period_takes(held.entry_id, held.entity_code, held.accounting_date, '
        'held.approval_class)');
end $$;

-- As before; the day depends on the class, too: some classes still find a soft period open.
create or replace function ledger.draft_events(p_as_of date) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    create temporary table draft_event on commit drop as
    with changed_rule as (
        -- The rule changed under recorded evidence: the old account goes, another one comes.
        select event_id from draft_difference group by event_id
        having bool_or(desired_class is null) and bool_or(desired_class is not null)
           and min(rule_version) <> max(rule_version)
    ),
    class as materialized (
        select event_id, entity_code, original_date,
               coalesce(max('restatement') filter (
                            where event_id in (select event_id from changed_rule)),
                        max(desired_class), max(recorded_class)) as approval_class
        from draft_difference group by event_id, entity_code, original_date
    ),
    day as (
        select asked.entity_code, asked.original_date, asked.approval_class, coalesce((
                   select min(greatest(period.period_start, least(asked.original_date, p_as_of)))
                   from ledger.period as period
                   where period.entity_code = asked.entity_code
                     and ledger.period_takes_class(period.own_status, period.erp_status,
                         asked.approval_class)
                     and period.period_end >= least(asked.original_date, p_as_of)
                     and period.period_start <= p_as_of), p_as_of) as accounting_date
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

-- The newest build that looked at the whole period: a close stands on its certificate.
create function ledger.closing_build(p_entity text, p_start date) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select build.build_id from ops.build as build
    join ledger.period as period on build.as_of_date >= period.period_end
    where period.entity_code = p_entity and period.period_start = p_start
    order by build.started_at desc, build.build_id desc limit 1
$$;

-- The hook for account reconciliations: whoever keeps them replaces this view by one over his
-- tables. Each row is an open one and blocks the close of its period.
create view ledger.open_reconciliation as
select null::text as entity_code, null::date as period_start, null::text as item,
       null::numeric(14, 2) as amount, null::text as detail
where false;

-- Everything that blocks a hard close, with the waiver that stands against it, if any. A waiver
-- of the one who asks for the close is none. One entry blocks once, by its first reason.
create function ledger.close_blocker(p_entity text, p_start date, p_asked_by text default null)
returns table (code text, item text, amount numeric, detail text, waiver_id bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with period as (
        select * from ledger.period where entity_code = p_entity and period_start = p_start
    ),
    unsettled as (
        select entry.*, exists (
            select from ledger.refusal join ops.installation on true
            where refusal.entry_id = entry.entry_id and entry.state = 'proposed'
              and refusal.content_hash = entry.content_hash
              and refusal.look_again > installation.as_of_date) as is_refused
        from ledger.entry as entry join period using (entity_code)
        where entry.accounting_date between period.period_start and period.period_end
          and entry.state in ('proposed', 'approved', 'rejected', 'sending', 'unknown')
    ),
    blocker as (
        select case when state in ('sending', 'unknown') then 'UNKNOWN'
                    when state = 'rejected' then 'REJECTED'
                    when is_refused then 'REFUSED'
                    when exists (select from ledger.hold where hold.entry_id = unsettled.entry_id)
                        then 'HELD' else 'UNSENT' end as code,
               entry_id::text as item, gross_amount as amount,
               'entry ' || entry_id || ' is ' || state || coalesce(' (' || (
                   select string_agg(distinct hold.code, ' ') from ledger.hold
                   where hold.entry_id = unsettled.entry_id) || ')', '') as detail
        from unsettled
        where not is_refused or gross_amount > (
            select refused_tolerance from ledger.policy where policy_id = ledger.policy_id())
        union all
        select 'SUSPENSE', line.account, sum(line.debit_amount - line.credit_amount),
               'account ' || line.account || ' is not zero'
        from ledger.entry as entry join period using (entity_code)
        join ledger.entry_line as line using (entry_id)
        join ledger.account as account using (account)
        where account.must_clear and entry.accounting_date <= period.period_end
          and entry.state in ('approved', 'sending', 'unknown', 'posted')
        group by line.account
        having sum(line.debit_amount - line.credit_amount) <> 0
        union all
        select 'CERTIFICATE', coalesce(build.build_id, 'none'), null,
               case when build.build_id is null then 'no build saw the end of the period'
                    when certificate.build_id is null then 'the newest build has no certificate'
                    when certificate.voided_at is not null then 'the certificate is void'
                    else 'the certificate does not pass' end
        from period
        left join ops.build as build
            on build.build_id = ledger.closing_build(period.entity_code, period.period_start)
        left join ops.certificate as certificate on certificate.build_id = build.build_id
        where certificate.passes is not true or certificate.voided_at is not null
        union all
        select 'RECONCILIATION', open.item, open.amount, open.detail
        from ledger.open_reconciliation as open join period using (entity_code, period_start)
    )
    select blocker.code, blocker.item, blocker.amount, blocker.detail, (
        select max(waiver.waiver_id) from ledger.close_waiver as waiver
        where (waiver.entity_code, waiver.period_start, waiver.code, waiver.item)
              = (p_entity, p_start, blocker.code, blocker.item)
          and waiver.expires_on >= ledger.today()
          and waiver.waived_by is distinct from p_asked_by)
    from blocker order by blocker.code, blocker.item
$$;
