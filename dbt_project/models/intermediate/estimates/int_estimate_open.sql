-- What is open at each cut-off that may be estimated, by item: payer balances without what is
-- denied, what is denied of them, and patient balances. Credit balances need no reserve.
with

positions as (
    select
        cutoff.entity_code, cutoff.cutoff_date, flow.account, flow.item_key,
        sum(flow.signed_amount) as open_amount
    from {{ ref('int_estimate_cutoff') }} as cutoff
    inner join {{ ref('int_estimate_flow') }} as flow
        on cutoff.entity_code = flow.entity_code and flow.original_date <= cutoff.cutoff_date
    group by cutoff.entity_code, cutoff.cutoff_date, flow.account, flow.item_key
    having sum(flow.signed_amount) > 0
),

denied as (
    select
        positions.entity_code, positions.cutoff_date, positions.item_key,
        greatest(0, least(positions.open_amount, sum(denied.denied_amount))) as denied_amount
    from positions
    inner join {{ ref('int_estimate_denied') }} as denied
        on positions.entity_code = denied.entity_code and positions.item_key = denied.item_key
        and denied.event_date <= positions.cutoff_date
    where positions.account = '1110'
    group by positions.entity_code, positions.cutoff_date, positions.item_key,
        positions.open_amount
)

select
    item.rule, positions.entity_code, positions.cutoff_date, item.facility_code, item.payer_class,
    positions.item_key,
    positions.cutoff_date - item.start_date as age_days,
    case item.rule
        when 'JR24' then coalesce(denied.denied_amount, 0)
        when 'JR46' then positions.open_amount - coalesce(denied.denied_amount, 0)
        else positions.open_amount
    end as open_amount
from positions
inner join {{ ref('int_estimate_item') }} as item
    on positions.entity_code = item.entity_code and positions.account = item.account
    and positions.item_key = item.item_key
left join denied
    on positions.account = '1110' and positions.entity_code = denied.entity_code
    and positions.cutoff_date = denied.cutoff_date and positions.item_key = denied.item_key
