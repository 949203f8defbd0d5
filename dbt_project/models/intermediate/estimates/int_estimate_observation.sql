-- What became of each item within 90 days after it entered an age: of the dollars that it was
-- exposed with, those lost to the cause that the rule reserves for, and all that nobody paid.
-- Charge lag: of the charges of a day of service, those that were posted later than each lag.
-- As far back as the oldest cut-off that may be estimated looks.
with

bounds as (
    select min(cutoff_date) - 365 as first_date
    from {{ ref('int_estimate_cutoff') }}
    where is_estimable
),

entered as (
    select
        item.*, bucket.bucket as age_bucket, bucket.position,
        item.start_date + coalesce(bucket.from_days, 0) as entered_date
    from {{ ref('int_estimate_item') }} as item
    cross join {{ ref('aging_buckets') }} as bucket
    cross join {{ ref('stg_ops__installation') }} as installation
    cross join bounds
    where bucket.bucket <> 'CREDIT'
        and item.start_date + coalesce(bucket.from_days, 0) + 90 <= installation.as_of_date
        and item.start_date + coalesce(bucket.from_days, 0) + 90 > bounds.first_date
        -- How old an opening balance was, and what became of the rest of it, nobody says.
        and not item.has_opening
),

windows as (
    select
        entered.*,
        sum(flow.signed_amount) filter (
            where flow.original_date < entered.entered_date) as before_amount,
        sum(flow.signed_amount) filter (where flow.kind = 'inflow') as inflow_amount,
        -sum(flow.signed_amount) filter (
            where flow.kind = 'paid' and flow.original_date >= entered.entered_date) as paid_amount,
        -sum(flow.signed_amount) filter (
            where flow.kind = 'contractual' and flow.original_date >= entered.entered_date
        ) as contractual_amount,
        -sum(flow.signed_amount) filter (
            where flow.kind = 'moved' and flow.original_date >= entered.entered_date
        ) as moved_amount,
        (
            select sum(denied.denied_amount) from {{ ref('int_estimate_denied') }} as denied
            where denied.item_key = entered.item_key
                and denied.event_date < entered.entered_date
        ) as denied_amount
    from entered
    inner join {{ ref('int_estimate_flow') }} as flow
        on entered.entity_code = flow.entity_code and entered.account = flow.account
        and entered.item_key = flow.item_key
        and flow.original_date < entered.entered_date + 90
    group by entered.rule, entered.entity_code, entered.account, entered.item_key,
        entered.facility_code, entered.payer_class, entered.start_date, entered.age_bucket,
        entered.position, entered.entered_date, entered.has_opening
),

exposed as (
    select
        *,
        greatest(0, case
            when rule = 'JR24' then least(before_amount, denied_amount)
            when position = 1 then inflow_amount
            when rule = 'JR46' then before_amount
                - least(greatest(coalesce(denied_amount, 0), 0), greatest(before_amount, 0))
            else before_amount
        end) as exposed_amount
    from windows
),

items as (
    select
        rule, entity_code, facility_code, payer_class, age_bucket, position,
        entered_date + 90 as matured_date, exposed_amount,
        greatest(0, least(exposed_amount, case rule
            when 'JR46' then coalesce(contractual_amount, 0)
            when 'JR45'
                then exposed_amount - coalesce(paid_amount, 0) - coalesce(moved_amount, 0)
            else exposed_amount - coalesce(paid_amount, 0) - coalesce(contractual_amount, 0)
                - coalesce(moved_amount, 0)
        end)) as lost_amount,
        greatest(0, least(exposed_amount, exposed_amount - coalesce(paid_amount, 0)
            - case when rule = 'JR46' then coalesce(moved_amount, 0) else 0 end))
            as uncollected_amount
    from exposed
    where exposed_amount > 0
)

select
    rule, entity_code, facility_code, payer_class, age_bucket, matured_date,
    1 as observation_count, exposed_amount, lost_amount, uncollected_amount
from items
union all
-- All ages: what became of it from the beginning.
select
    rule, entity_code, facility_code, payer_class, 'ALL', matured_date,
    1, exposed_amount, lost_amount, uncollected_amount
from items
where position = 1
union all
select
    'JR59', lag.entity_code, lag.facility_code, lag.payer_class,
    'LAG-' || lpad(cast(days.lag_days as text), 2, '0'), lag.service_date + 45,
    lag.charge_count, lag.charge_amount,
    case when lag.lag_days > days.lag_days then lag.charge_amount else 0 end,
    case when lag.lag_days > days.lag_days then lag.charge_amount else 0 end
from {{ ref('int_estimate_lag') }} as lag
cross join bounds
cross join (select generate_series(0, 44) as lag_days) as days
where lag.service_date + 45 > bounds.first_date
