-- The current reading of each processor payout.
select distinct on (payout.payout_id)
    payout.payout_id, payout.file_id, payout.segment, payout.amount, payout.arrival_date,
    payout.trace_number, payout.status,
    coalesce(entity.entity_code, installation.default_entity_code) as entity_code
from {{ ref('stg_payments__card_payout') }} as payout
cross join {{ ref('stg_ops__installation') }} as installation
left join {{ ref('stg_ops__entity') }} as entity on payout.merchant = entity.entity_code
where payout.status is null or payout.status not in ('failed', 'canceled')
order by payout.payout_id, payout.status = 'paid' desc, payout.file_id, payout.segment
