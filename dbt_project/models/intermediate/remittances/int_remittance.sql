-- Each 835 payment with its entity, payer and outcome. A payment has one winner: a clean
-- transaction before a quarantined one, then the smallest content hash, whatever came first.
-- A payment in several transactions, each with the whole amount, is held: it is never summed.
with

located as (
    select
        remittance.*,
        provider.entity_code, provider.facility_code, provider.provider_id,
        coalesce(payers.payer_code, remittance.payer_id, 'UNKNOWN') as payer_code,
        coalesce(payers.payer_class, 'unknown') as payer_class,
        coalesce(remittance.payment_date, transaction.interchange_date) as event_date,
        {{ surrogate_key([
            'remittance.payer_id', 'remittance.trace_number', 'remittance.payment_date',
            'remittance.payment_amount',
            "case when remittance.payment_amount = 0 or remittance.payment_method = 'NON'"
            ~ " or remittance.trace_number is null then remittance.content_hash end",
        ]) }} as payment_key
    from {{ ref('stg_clearinghouse__remittance') }} as remittance
    -- Every provider that was seen is there; an inner join would be planned for a few rows.
    left join {{ ref('int_provider_resolved') }} as provider
        on coalesce(remittance.payee_npi, '') = provider.npi
        and coalesce(remittance.payee_tin, '') = provider.tin
    left join {{ ref('stg_clearinghouse__transaction') }} as transaction
        on remittance.file_id = transaction.file_id
        and remittance.transaction_no = transaction.transaction_no
    left join {{ ref('int_payer_identifier') }} as payers on remittance.payer_id = payers.payer_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by payment_key
            order by finding_code is not null, content_hash, file_id, transaction_no
        ) as payment_rank,
        row_number() over (
            partition by payment_key, content_hash order by file_id, transaction_no
        ) as copy_no
    from located
),

split as (
    select payment_key
    from ranked
    where copy_no = 1
    group by payment_key
    having count(*) > 1
        and bool_and(finding_code = 'REMITTANCE_OFF_BALANCE')
        and sum(claim_paid_amount - provider_adjusted_amount) = min(payment_amount)
)

select
    ranked.file_id, ranked.segment, ranked.known_at, ranked.transaction_no,
    ranked.entity_code, ranked.facility_code, ranked.provider_id,
    ranked.payer_id, ranked.payer_code, ranked.payer_class,
    ranked.trace_number, ranked.payment_method, ranked.payment_amount,
    ranked.event_date, ranked.payment_key, ranked.payment_rank, ranked.content_hash,
    case
        when ranked.copy_no > 1 and (ranked.finding_code is null or split.payment_key is not null)
            then 'DUPLICATE_REMITTANCE'
        when split.payment_key is not null then 'SPLIT_REMITTANCE'
        when ranked.finding_code is not null then ranked.finding_code
        when ranked.payment_rank > 1 then 'CONFLICTING_REMITTANCE'
        when ranked.event_date is null then 'DATE_MISSING'
        when ranked.event_date > installation.as_of_date then 'DATED_AFTER_AS_OF'
    end as reason_code
from ranked
cross join {{ ref('stg_ops__installation') }} as installation
left join split on ranked.payment_key = split.payment_key
