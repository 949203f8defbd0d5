-- Tests of journal entries as an auditor asks for them: one function per criterion, each with its
-- parameters, over one population. They say where to look, never that something is wrong.

-- The population: what is recorded, which is what the ledger stands by.
create view ledger.tested_entry as
select entry.entry_id, entry.entity_code, entry.accounting_date, entry.approval_class,
       entry.state, entry.build_id, build.as_of_date, entry.gross_amount, entry.line_count,
       entry.proposed_by, entry.proposed_at
from ledger.entry as entry join ops.build as build using (build_id)
where entry.state in ('approved', 'sending', 'unknown', 'posted');

-- Who stands behind an entry as a person: signers, and makers who are not the pipeline's login.
create view ledger.entry_person as
select entry.entry_id, entry.entity_code, entry.proposed_at, signed.approver as person
from ledger.tested_entry as entry
join ledger.approval as signed using (entry_id)
where signed.voided_at is null and signed.basis = 'person'
union
select entry_id, entity_code, proposed_at, proposed_by
from ledger.tested_entry where proposed_by <> ':prefix_preparer';

-- Made on request and not by the evidence. The events of such requests begin with a prefix; while
-- no rule has one, none is found.
create function ledger.test_manual(p_prefixes text[])
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id, entry.gross_amount,
           'events ' || string_agg(distinct event.event, ' ' order by event.event)
    from ledger.tested_entry as entry join ledger.entry_event as event using (entry_id)
    where exists (select from unnest(p_prefixes) as prefix
                  where starts_with(event.event, prefix))
    group by entry.entry_id, entry.gross_amount order by entry.entry_id
$$;

-- In a period that we had closed before (it was reopened since), or days after its end.
create function ledger.test_posted_after_close(p_days integer)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id, entry.gross_amount, case
        when shut.at is not null then 'proposed after the period was closed on ' || shut.at::date
        else entry.as_of_date - period.period_end || ' days after the end of its period' end
    from ledger.tested_entry as entry
    join ledger.period as period
        on period.entity_code = entry.entity_code
        and entry.accounting_date between period.period_start and period.period_end
    left join lateral (
        select min(done.acted_at) as at from ledger.period_act as done
        where done.step = 'approve' and done.act = 'close'
          and (done.entity_code, done.period_start) = (entry.entity_code, period.period_start)
          and done.acted_at < entry.proposed_at
    ) as shut on true
    where shut.at is not null or entry.as_of_date - period.period_end > p_days
    order by entry.entry_id
$$;

create function ledger.test_round_amount(p_unit numeric, p_minimum numeric)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id, entry.gross_amount,
           count(*) || ' lines, the largest ' || max(line.debit_amount + line.credit_amount)
    from ledger.tested_entry as entry join ledger.entry_line as line using (entry_id)
    where line.debit_amount + line.credit_amount >= p_minimum
      and (line.debit_amount + line.credit_amount) % p_unit = 0
    group by entry.entry_id, entry.gross_amount order by entry.entry_id
$$;

create function ledger.test_rare_account(p_at_most integer)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with used as (
        select distinct entry.entity_code, line.account, entry.entry_id, entry.gross_amount
        from ledger.tested_entry as entry join ledger.entry_line as line using (entry_id)
    ),
    counted as (
        select used.*, count(*) over (partition by entity_code, account) as entries from used
    )
    select entry_id, gross_amount, string_agg(
        'account ' || account || ' in ' || entries || ' entries', ', ' order by account)
    from counted where entries <= p_at_most
    group by entry_id, gross_amount order by entry_id
$$;

create function ledger.test_same_pair(p_share_percent numeric, p_minimum integer)
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

-- Weekdays by ISO: 1 is Monday, 7 is Sunday. The night runs from one local time to the other.
create function ledger.test_odd_hours(
    p_time_zone text, p_weekdays integer[], p_night_from time, p_night_until time
) returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry_id, gross_amount,
           'proposed ' || to_char(local_at, 'Dy YYYY-MM-DD HH24:MI') || ' by ' || proposed_by
    from (select entry.*, entry.proposed_at at time zone p_time_zone as local_at
          from ledger.tested_entry as entry) as entry
    where extract(isodow from local_at)::integer = any(p_weekdays)
       or case when p_night_from > p_night_until
               then local_at::time >= p_night_from or local_at::time < p_night_until
               else local_at::time >= p_night_from and local_at::time < p_night_until end
    order by entry_id
$$;

create function ledger.test_below_limit(p_percent numeric)
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

-- Several entries of one maker and class within hours, each within a limit, together above it.
create function ledger.test_split(p_hours integer)
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

-- On an account that no other person had stood behind before.
create function ledger.test_nobody_else(p_minimum numeric)
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with used as (
        select distinct person.entry_id, person.entity_code, person.proposed_at, person.person,
               line.account
        from ledger.entry_person as person join ledger.entry_line as line using (entry_id)
    ),
    alone as (
        select used.* from used
        where not exists (
            select from used as other
            where other.entity_code = used.entity_code and other.account = used.account
              and other.person <> used.person and other.proposed_at <= used.proposed_at)
    )
    select alone.entry_id, entry.gross_amount, alone.person || ' alone on '
        || string_agg(alone.account, ' ' order by alone.account)
    from alone join ledger.tested_entry as entry using (entry_id)
    where entry.gross_amount >= p_minimum
    group by alone.entry_id, entry.gross_amount, alone.person
    order by alone.entry_id, alone.person
$$;

grant select on ledger.tested_entry, ledger.entry_person
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
do $$
declare
    signature text;
begin
    for signature in
        select oid::regprocedure::text from pg_proc
        where pronamespace = 'ledger'::regnamespace and starts_with(proname, 'test_')
    loop
        execute format('revoke all on function %s from public', signature);
        execute format('grant execute on function %s to :prefix_auditor', signature);
    end loop;
end $$;
