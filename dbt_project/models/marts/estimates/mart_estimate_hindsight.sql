with

required as (
    select
        run.run_id, run.entity_code, run.rule, run.cutoff_date, run.state, line.facility_code,
        line.payer_class,
        sum(line.balance_amount) as balance_amount,
        sum(line.required_amount) as required_amount
    from {{ ref('stg_ledger__model_run') }} as run
    inner join {{ ref('stg_ledger__model_run_line') }} as line on run.run_id = line.run_id
    where run.method <> 'memo'
    group by 1, 2, 3, 4, 5, 6, 7
),

-- What happened since to the items that were open then.
followed as (
    select
        open.rule, open.entity_code, open.cutoff_date, open.facility_code, open.payer_class,
        open.item_key, open.open_amount,
        open.open_amount + coalesce(sum(flow.signed_amount), 0) as left_amount,
        -coalesce(sum(flow.signed_amount) filter (where flow.kind = case open.rule
            when 'JR46' then 'contractual' else 'written_off' end), 0) as lost_amount
    from {{ ref('int_estimate_open') }} as open
    left join {{ ref('int_estimate_flow') }} as flow
        on open.entity_code = flow.entity_code and open.item_key = flow.item_key
        and flow.account = case open.rule when 'JR45' then '1120' else '1110' end
        and flow.original_date > open.cutoff_date
    where open.open_amount > 0
    group by 1, 2, 3, 4, 5, 6, 7
),

items as (
    select
        rule, entity_code, cutoff_date, facility_code, payer_class,
        sum(lost_amount) as realised_amount,
        sum(greatest(0, least(open_amount, left_amount))) / sum(open_amount) as open_share
    from followed
    group by 1, 2, 3, 4, 5
),

late as (
    select
        required.run_id, required.facility_code, required.payer_class,
        sum(lag.charge_amount) as realised_amount
    from required
    inner join {{ ref('int_estimate_lag') }} as lag
        on required.entity_code = lag.entity_code and required.facility_code = lag.facility_code
        and required.payer_class = lag.payer_class
        and lag.service_date <= required.cutoff_date
        and lag.service_date + lag.lag_days > required.cutoff_date
    where required.rule = 'JR59'
    group by 1, 2, 3
),

measured as (
    select
        required.*,
        coalesce(case required.rule
            when 'JR59' then late.realised_amount else items.realised_amount
        end, 0) as realised_amount,
        round(coalesce(case
            when required.rule <> 'JR59' then items.open_share * required.required_amount
            when installation.as_of_date < required.cutoff_date + 45
                then greatest(0, required.required_amount - coalesce(late.realised_amount, 0))
        end, 0), 2) as remaining_amount
    from required
    cross join {{ ref('stg_ops__installation') }} as installation
    left join items using (rule, entity_code, cutoff_date, facility_code, payer_class)
    left join late using (run_id, facility_code, payer_class)
),

final as (
    select
        run_id,
        entity_code,
        rule,
        cutoff_date,
        facility_code,
        payer_class,
        state,
        {{ money('balance_amount') }} as balance_amount,
        {{ money('required_amount') }} as required_amount,
        {{ money('realised_amount') }} as realised_amount,
        {{ money('remaining_amount') }} as remaining_amount,
        {{ money('realised_amount + remaining_amount - required_amount') }} as difference_amount,
        {{ safe_ratio(
            'realised_amount + remaining_amount - required_amount', 'required_amount'
        ) }} as difference_rate
    from measured
)

select * from final
