-- The proposals of a build that policy may sign, with what was measured and the limit that allows
-- them; `detail` says why no limit does.
create or replace function ledger.policy_candidates(p_build_id text)
returns table (entry_id bigint, content_hash text, accounting_date date, event_amount numeric,
               gross_amount numeric, account_day_amount numeric, limit_id text, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    with held as materialized (
        select distinct hold.entry_id from ledger.hold where hold.code not in ('APPROVAL', 'LIMIT')
    ),
    eligible as materialized (
        select entry.* from ledger.entry as entry
        join ledger.approval_class as class using (approval_class)
        where entry.state = 'proposed' and class.basis = 'policy' and entry.build_id = p_build_id
          and entry.entry_id not in (select entry_id from held)
    ),
    measure as (
        select eligible.*, ledger.event_amount(eligible.entry_id) as event_amount,
               day.account_day_amount
        from eligible left join ledger.running_days(array(
            select entry_id from eligible order by accounting_date, entry_id)) as day
            using (entry_id)
    ),
    allowed as materialized (
        select class.approval_class, rule.*
        from (select distinct approval_class from eligible) as class
        cross join lateral ledger.limits_of(session_user, class.approval_class, ledger.today())
            as rule
    ),
    judged as (
        select measure.*, allowed.limit_id, ledger.limit_problem(measure.event_amount,
                   measure.gross_amount, measure.account_day_amount, allowed.event_amount,
                   allowed.entry_amount, allowed.account_day_amount) as problem
        from measure left join allowed using (approval_class)
    )
    select distinct on (entry_id)
        entry_id, content_hash, accounting_date, event_amount, gross_amount, account_day_amount,
        limit_id, case
            when line_count > entry_lines then 'too many lines for one document'
            when limit_id is null then 'no policy limit covers its class today'
            else format(problem, 'policy') end
    from judged cross join ledger.installation
    order by entry_id, problem nulls first, limit_id
$$;
