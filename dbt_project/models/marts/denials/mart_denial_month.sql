-- A claim payment without a known account waits with its adjustments: it is no answer yet.
with

adjudications as (
    select
        claim_key, payer_code, remitting_payer_class as payer_class, entity_code,
        {{ month_of('event_date') }} as period_month,
        file_id, claim_no, charge_amount,
        row_number() over (
            partition by claim_key, payer_code
            order by event_date, content_hash, claim_ordinal
        ) as adjudication_no
    from {{ ref('int_remittance_claim') }}
    where reason_code is null and is_matched and claim_status_code <> '22'
),

first_adjudications as (
    select * from adjudications where adjudication_no = 1
),

denials as (
    select
        file_id, claim_no, root_cause, payer_code, entity_code,
        {{ month_of('event_date') }} as period_month,
        sum(amount) as denied_amount
    from {{ ref('int_remittance_adjustment') }}
    where is_denial and is_matched
    group by 1, 2, 3, 4, 5, 6
),

initial as (
    select
        claim.period_month, claim.entity_code, claim.payer_code, claim.charge_amount,
        coalesce(denials.root_cause, 'NOT_DENIED') as root_cause,
        coalesce(denials.denied_amount, 0) as initial_denied_amount,
        -- A claim counts once, under its largest cause; its dollars stay with their own causes.
        row_number() over (
            partition by claim.file_id, claim.claim_no
            order by denials.denied_amount desc nulls last, denials.root_cause
        ) = 1 as is_primary
    from first_adjudications as claim
    left join denials
        on claim.file_id = denials.file_id and claim.claim_no = denials.claim_no
        and denials.denied_amount > 0
),

rows_initial as (
    select
        period_month, entity_code, payer_code, root_cause,
        count(*) filter (where is_primary) as remitted_claims,
        coalesce(sum(charge_amount) filter (where is_primary), 0) as remitted_amount,
        count(*) filter (where is_primary and root_cause <> 'NOT_DENIED') as denied_claims,
        sum(initial_denied_amount) as initial_denied_amount,
        cast(0 as numeric) as net_denied_amount
    from initial
    group by 1, 2, 3, 4
),

-- All denied dollars of the month; a reversal takes back what the reversed payment denied.
rows_net as (
    select
        period_month, entity_code, payer_code, root_cause, 0, 0, 0, 0, sum(denied_amount)
    from denials
    group by 1, 2, 3, 4
),

added as (
    select
        period_month, entity_code, payer_code, root_cause,
        sum(remitted_claims) as remitted_claims,
        sum(remitted_amount) as remitted_amount,
        sum(denied_claims) as denied_claims,
        sum(initial_denied_amount) as initial_denied_amount,
        sum(net_denied_amount) as net_denied_amount
    from (select * from rows_initial union all select * from rows_net) as parts
    group by 1, 2, 3, 4
),

totalled as (
    select
        *,
        sum(remitted_claims) over payer_month as payer_month_claims,
        sum(remitted_amount) over payer_month as payer_month_amount
    from added
    window payer_month as (partition by period_month, entity_code, payer_code)
),

final as (
    select
        totalled.period_month,
        totalled.entity_code,
        totalled.payer_code,
        coalesce(payers.payer_class, 'unknown') as payer_class,
        totalled.root_cause,
        cast(totalled.remitted_claims as integer) as remitted_claims_count,
        {{ money('totalled.remitted_amount') }} as remitted_charge_amount,
        cast(totalled.denied_claims as integer) as initial_denied_claims_count,
        {{ money('totalled.initial_denied_amount') }} as initial_denied_amount,
        {{ money('totalled.net_denied_amount') }} as net_denied_amount,
        cast(totalled.payer_month_claims as integer) as payer_month_claims_count,
        {{ money('totalled.payer_month_amount') }} as payer_month_charge_amount,
        {{ safe_ratio('totalled.denied_claims', 'totalled.payer_month_claims') }}
            as initial_denial_claim_rate,
        {{ safe_ratio('totalled.initial_denied_amount', 'totalled.payer_month_amount') }}
            as initial_denial_amount_rate
    from totalled
    left join {{ ref('payers') }} as payers on totalled.payer_code = payers.payer_code
)

select * from final
