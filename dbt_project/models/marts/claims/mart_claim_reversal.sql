select
    reversal_key,
    claim_key,
    entity_code,
    payer_code,
    reversal_date,
    {{ money('reversed_charge_amount') }} as reversed_charge_amount,
    {{ money('reversed_paid_amount') }} as reversed_paid_amount,
    original_key,
    original_date,
    original_key is not null as is_original_known,
    correction_key,
    correction_date,
    correction_key is not null as is_corrected,
    {{ money('coalesce(corrected_paid_amount, 0)') }} as corrected_paid_amount,
    {{ money('reversed_paid_amount + coalesce(corrected_paid_amount, 0)') }} as net_paid_amount
from {{ ref('int_claim_reversal') }}
