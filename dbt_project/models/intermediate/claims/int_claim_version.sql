-- Each claim version with its place in the chain of its bill. The winner never depends on arrival:
-- exact copies lose to the earliest sent, rival originals to the smallest content hash, and the
-- current version is the newest sent (a void before a replacement before an original). Interim
-- bills and late charges (frequency 2 to 5) are claims of their own, told apart by their period.
with

barred as (
    select
        located.*,
        chain.bill_key,
        coalesce(
            located.barred_reason, case when not chain.is_known then 'REPLACED_CLAIM_UNKNOWN' end
        ) as held_reason
    from {{ ref('int_claim_located') }} as located
    left join {{ ref('int_claim_chain') }} as chain
        on located.file_id = chain.file_id and located.claim_no = chain.claim_no
),

copies as (
    select
        *,
        row_number() over (
            partition by held_reason is null, claim_key, bill_key, payer_sequence, content_hash
            order by event_date, file_id, claim_no
        ) as copy_no
    from barred
),

originals as (
    select
        *,
        dense_rank() over (
            partition by
                held_reason is null, claim_key, bill_key, payer_sequence, statement_key, kind_rank = 2
            order by content_hash
        ) as rival_no
    from copies
),

versions as (
    select
        *,
        held_reason is null and copy_no = 1 and (kind_rank < 2 or rival_no = 1) as is_contender
    from originals
),

ranked as (
    select
        *,
        row_number() over (
            partition by is_contender, claim_key, bill_key, payer_sequence, statement_key
            order by event_date desc, kind_rank, content_hash
        ) as version_rank
    from versions
),

reasoned as (
    select
        *,
        case
            when held_reason is not null then held_reason
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
    account_hash, claim_key, bill_key, account_key, payer_id, payer_sequence, frequency_code, charge_amount,
    service_from_date, event_date, content_hash, statement_key,
    is_contender and version_rank = 1 as is_current,
    reason_code,
    case
        when reason_code is null then 'posted'
        when held_reason is not null or reason_code = 'DUPLICATE_CLAIM' then 'exception'
        else 'memo'
    end as outcome
from reasoned
