-- Each claim version with its place in its chain. The winner of a key never depends on arrival:
-- exact copies lose to the earliest sent, rival originals to the smallest content hash, and the
-- current version is the newest sent (a void before a replacement before an original). Interim
-- bills and late charges (frequency 2 to 5) are claims of their own, told apart by their period.
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
        coalesce(earlier.generation, 0) as generation,
        feed.entity_code is not null as has_charge_feed
    from {{ ref('stg_clearinghouse__claim') }} as claim
    left join {{ ref('int_provider_resolved') }} as provider
        on coalesce(claim.billing_npi, '') = provider.npi
        and coalesce(claim.billing_tin, '') = provider.tin
    left join {{ ref('stg_clearinghouse__transaction') }} as transaction
        on claim.file_id = transaction.file_id
        and claim.transaction_no = transaction.transaction_no
    left join {{ ref('int_claim_generation') }} as earlier
        on claim.file_id = earlier.file_id and claim.claim_no = earlier.claim_no
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
),

copies as (
    select
        *,
        row_number() over (
            partition by barred_reason is null, claim_key, payer_sequence, content_hash
            order by event_date, file_id, claim_no
        ) as copy_no
    from barred
),

originals as (
    select
        *,
        dense_rank() over (
            partition by
                barred_reason is null, claim_key, payer_sequence, statement_key,
                kind_rank = 2, generation
            order by content_hash
        ) as rival_no
    from copies
),

versions as (
    select
        *,
        barred_reason is null and copy_no = 1 and (kind_rank < 2 or rival_no = 1) as is_contender
    from originals
),

ranked as (
    select
        *,
        row_number() over (
            partition by is_contender, claim_key, payer_sequence, statement_key
            order by event_date desc, kind_rank, content_hash
        ) as version_rank
    from versions
),

reasoned as (
    select
        *,
        case
            when barred_reason is not null then barred_reason
            when not is_contender then 'DUPLICATE_CLAIM'
            when payer_sequence <> 'P' then 'SECONDARY_CLAIM'
            when version_rank > 1 then 'SUPERSEDED_VERSION'
            when kind_rank = 0 then 'NOT_A_POSTING'
            when has_charge_feed then 'CHARGE_FEED_EXISTS'
            when charge_amount = 0 then 'NOT_A_POSTING'
        end as reason_code
    from ranked
)

select
    file_id, segment, known_at, transaction_no, claim_no, entity_code, facility_code, provider_id,
    account_hash, claim_key, account_key, payer_id, payer_sequence, frequency_code, charge_amount,
    service_from_date, event_date, content_hash, statement_key,
    {{ surrogate_key(['claim_key', 'payer_sequence', 'content_hash']) }} as version_key,
    is_contender and version_rank = 1 as is_current,
    reason_code,
    case
        when reason_code is null then 'posted'
        when barred_reason is not null or reason_code = 'DUPLICATE_CLAIM' then 'exception'
        else 'memo'
    end as outcome
from reasoned
