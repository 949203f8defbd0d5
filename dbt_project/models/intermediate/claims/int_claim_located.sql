-- Each claim version as sent, with the billing provider and account it is for, and what bars it.
with

located as (
    select
        claim.*,
        provider.provider_id, provider.entity_code, provider.facility_code,
        {{ surrogate_key(
            ['provider.entity_code', 'provider.provider_id', 'claim.account_hash']
        ) }} as claim_key,
        {{ surrogate_key(['provider.entity_code', 'claim.account_hash']) }} as account_key,
        coalesce(claim.submitted_date, transaction.interchange_date) as event_date,
        case claim.frequency_code when '8' then 0 when '7' then 1 else 2 end as kind_rank,
        case
            when claim.frequency_code = '5' then 'late ' || claim.content_hash
            when bool_or(claim.frequency_code in ('2', '3', '4')) over (
                partition by provider.entity_code, provider.provider_id, claim.account_hash,
                    claim.payer_sequence
            ) then 'from ' || coalesce(cast(claim.service_from_date as text), '')
            else ''
        end as statement_key,
        feed.entity_code is not null as has_charge_feed
    from {{ ref('stg_clearinghouse__claim') }} as claim
    inner join {{ ref('int_provider_resolved') }} as provider
        on coalesce(claim.billing_npi, '') = provider.npi
        and coalesce(claim.billing_tin, '') = provider.tin
    left join {{ ref('stg_clearinghouse__transaction') }} as transaction
        on claim.file_id = transaction.file_id
        and claim.transaction_no = transaction.transaction_no
    left join {{ ref('int_charge_feed') }} as feed on provider.entity_code = feed.entity_code
),

barred as (
    select
        located.*,
        case
            when located.finding_code is not null then located.finding_code
            when located.account_hash is null then 'UNKNOWN_ACCOUNT'
            when located.event_date is null then 'DATE_MISSING'
            when located.event_date > installation.as_of_date then 'DATED_AFTER_AS_OF'
        end as barred_reason
    from located
    cross join {{ ref('stg_ops__installation') }} as installation
)

select * from barred
