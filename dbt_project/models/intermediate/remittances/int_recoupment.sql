-- Each provider adjustment that moves account 2130 (WO, FB, 72) with the item that it belongs to:
-- what a payer said under one PLB reference. Without a reference it is an item of its own. The
-- item is named by its first adjustment, since a reference may be a patient's account number.
with

adjustments as (
    select
        adjustment.*,
        {{ surrogate_key(['adjustment.event',
            "adjustment.payment_key || '|plb|' || adjustment.adjustment_no"]) }} as event_id
    from {{ ref('int_provider_adjustment') }} as adjustment
    where adjustment.outcome = 'posted' and adjustment.event in ('plb.WO', 'plb.FB', 'plb.72')
)

select
    event_id, event, entity_code, coalesce(payer_code, 'UNKNOWN') as payer_code, reference_id,
    adjustment_code, amount, event_date, payment_key, trace_number,
    first_value(event_id) over (
        partition by entity_code, payer_code, coalesce(reference_id, event_id)
        order by event_date, payment_key, adjustment_no
    ) as item_key
from adjustments
