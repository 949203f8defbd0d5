-- Each provider-level adjustment (PLB) with its event and outcome.
select
    adjustment.file_id, adjustment.segment, adjustment.known_at, adjustment.transaction_no,
    adjustment.adjustment_no, adjustment.amount, adjustment.reason_code as adjustment_code,
    remittance.entity_code, remittance.facility_code, remittance.payer_class,
    remittance.payment_key, remittance.trace_number, remittance.event_date,
    remittance.payer_code, adjustment.reference_id,
    codes.reason_code is not null as is_known_code,
    coalesce(codes.event, 'plb.other') as event,
    case
        when remittance.reason_code is not null then remittance.reason_code
        when adjustment.amount = 0 then 'NOT_A_POSTING'
    end as reason_code,
    case
        when remittance.reason_code is not null then 'exception'
        when adjustment.amount = 0 then 'memo'
        else 'posted'
    end as outcome
from {{ ref('stg_clearinghouse__provider_adjustment') }} as adjustment
inner join {{ ref('int_remittance') }} as remittance
    on adjustment.file_id = remittance.file_id
    and adjustment.transaction_no = remittance.transaction_no
left join {{ ref('provider_adjustment_codes') }} as codes
    on adjustment.reason_code = codes.reason_code
