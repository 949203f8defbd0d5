create or replace function ledger.approve_by_policy(p_build_id text)
    returns table (approved integer, waiting integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if ledger.basis_of(session_user) is distinct from 'policy' then
        raise exception 'TIEOUT NOT_POLICY: % is not the policy login', session_user;
    end if;
    perform from ledger.entry where state = 'proposed' order by entry_id for update;
    perform pg_advisory_xact_lock(7103003);
    drop table if exists pg_temp.candidate;
    create temporary table candidate on commit drop as
    with held as materialized (
        select distinct hold.entry_id from ledger.hold where hold.code not in ('APPROVAL', 'LIMIT')
    ),
    eligible as materialized (
        select entry.* from ledger.entry as entry
        join ledger.approval_class as class using (approval_class)
        where entry.state = 'proposed' and class.basis = 'policy'
          and entry.build_id = p_build_id
          and entry.entry_id not in (select entry_id from held)
    ),
    moved as materialized (
        select eligible.entry_id, eligible.proposed_by, eligible.entity_code,
               eligible.accounting_date, line.account,
               sum(line.debit_amount + line.credit_amount) as amount
        from eligible join ledger.entry_line as line using (entry_id)
        group by eligible.entry_id, eligible.proposed_by, eligible.entity_code,
                 eligible.accounting_date, line.account
    ),
    day as materialized (
        select proposed_by, entity_code, account,
               ledger.account_day(proposed_by, entity_code, account,
                   array(select entry_id from eligible)) as already
        from (select distinct proposed_by, entity_code, account from moved) as asked
    ),
    -- What each account would have moved once this entry and those before it are approved.
    account_sum as materialized (
        select moved.entry_id, day.already + sum(moved.amount) over (
                   partition by moved.proposed_by, moved.entity_code, moved.account
                   order by moved.accounting_date, moved.entry_id) as amount
        from moved join day using (proposed_by, entity_code, account)
    ),
    largest as materialized (
        select entry_id, max(amount) as account_day_amount from account_sum group by entry_id
    ),
    measure as (
        select eligible.entry_id, eligible.content_hash, eligible.accounting_date,
               eligible.approval_class, eligible.line_count, eligible.gross_amount,
               ledger.event_amount(eligible.entry_id) as event_amount,
               largest.account_day_amount
        from eligible left join largest using (entry_id)
    ),
    allowed as materialized (
        select class.approval_class, rule.*
        from (select distinct approval_class from eligible) as class
        cross join lateral ledger.limits_of(session_user, class.approval_class, ledger.today())
            as rule
    )
    select distinct on (measure.entry_id)
        measure.entry_id, measure.content_hash, measure.accounting_date, measure.event_amount,
        measure.gross_amount, measure.account_day_amount, allowed.limit_id, case
            when measure.line_count > installation.entry_lines
                then 'too many lines for one document'
            when allowed.limit_id is null then 'no policy limit covers its class today'
            else format(ledger.limit_problem(measure.event_amount, measure.gross_amount,
                measure.account_day_amount, allowed.event_amount, allowed.entry_amount,
                allowed.account_day_amount), 'policy') end as detail
    from measure cross join ledger.installation
    left join allowed using (approval_class)
    order by measure.entry_id, ledger.limit_problem(measure.event_amount, measure.gross_amount,
        measure.account_day_amount, allowed.event_amount, allowed.entry_amount,
        allowed.account_day_amount) nulls first, allowed.limit_id;

    delete from ledger.limit_finding where entry_id in (select entry_id from candidate);
    insert into ledger.limit_finding (entry_id, detail)
    select entry_id, detail from candidate where detail is not null;
    insert into ledger.approval (entry_id, content_hash, basis, approver, approved_at, limit_id,
        event_amount, entry_amount, account_day_amount)
    select entry_id, content_hash, 'policy', session_user, clock_timestamp(), limit_id,
           event_amount, gross_amount, account_day_amount
    from candidate where detail is null order by accounting_date, entry_id;
    update ledger.entry set state = 'approved'
    where entry_id in (select entry_id from candidate where detail is null);
    get diagnostics approved = row_count;
    select count(*) into waiting from ledger.entry where state = 'proposed';
    return next;
end $$;
