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
        cutoff.entity_code, cutoff.cutoff_date, said.item_key,
        sum(said.denied_amount) as denied_amount
    from {{ ref('int_estimate_cutoff') }} as cutoff
    inner join {{ ref('int_estimate_denied') }} as said
        on cutoff.entity_code = said.entity_code and said.event_date <= cutoff.cutoff_date
    group by cutoff.entity_code, cutoff.cutoff_date, said.item_key
),

parted as (
    select
        positions.*,
        case
            when denied.item_key is null then 0
            else greatest(0, least(positions.open_amount, denied.denied_amount))
        end as denied_amount
    from positions
    left join denied
        on positions.account = '1110' and positions.entity_code = denied.entity_code
        and positions.cutoff_date = denied.cutoff_date and positions.item_key = denied.item_key
)

select
    item.rule, parted.entity_code, parted.cutoff_date, item.facility_code, item.payer_class,
    parted.item_key,
    parted.cutoff_date - item.start_date as age_days,
    case item.rule
        when 'JR24' then parted.denied_amount
        when 'JR46' then parted.open_amount - parted.denied_amount
        else parted.open_amount
    end as open_amount
from parted
-- Every position is of an item; an inner join over three columns would be planned for one row.
left join {{ ref('int_estimate_item') }} as item
    on parted.entity_code = item.entity_code and parted.account = item.account
    and parted.item_key = item.item_key
