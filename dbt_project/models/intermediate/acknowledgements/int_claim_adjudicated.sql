-- What the 835s say of a claim version: payments of the payer that it was sent to (first, second,
-- third) from the day it was sent until the next version was.
with

payments as (
    select
        claim_key, event_date, paid_amount,
        case
            when claim_status_code in ('2', '20') then 'S'
            when claim_status_code in ('3', '21') then 'T'
            else 'P'
        end as payer_sequence
    from {{ ref('int_remittance_claim') }}
    where reason_code is null and is_matched and claim_status_code <> '22'
)

select
    version.version_key,
    min(payment.event_date) as adjudicated_date,
    sum(payment.paid_amount) as paid_amount,
    count(*) as payment_count
from {{ ref('int_claim_sent') }} as version
inner join payments as payment
    on version.claim_key = payment.claim_key
    and version.payer_sequence = payment.payer_sequence
    and payment.event_date >= version.sent_date
    and payment.event_date < coalesce(version.after_sent_date, 'infinity')
group by version.version_key
