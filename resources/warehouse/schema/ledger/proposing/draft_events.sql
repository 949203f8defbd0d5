-- Gives each drafted event its accounting date. The day of a class is worked out once per day,
-- not once per line.
create or replace function ledger.draft_events(p_as_of date) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    create temporary table draft_event on commit drop as
    with changed_rule as (
        -- The rule changed under recorded evidence, and an order lets it work backwards; or
        -- another input changed what is recorded, beyond what passes without people.
        select event_id from draft_restated
        union all
        select event_id from draft_unexplained
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
