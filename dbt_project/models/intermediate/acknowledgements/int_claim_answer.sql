-- The answer of a payer (277CA) that counts for a claim version: the newest, and on one day the
-- rejection. A status is about the version with its charge that was sent last before it.
with

statuses as (
    select
        status.*,
        coalesce(status.status_date, transaction.interchange_date) as answered_date,
        transaction.content_hash,
        status.category_code in ('A3', 'A4', 'A6', 'A7', 'A8') as is_rejection
    from {{ ref('stg_clearinghouse__status') }} as status
    inner join {{ ref('stg_clearinghouse__transaction') }} as transaction
        on status.file_id = transaction.file_id
        and status.transaction_no = transaction.transaction_no
),

candidates as (
    select
        statuses.*,
        version.version_key,
        row_number() over (
            partition by statuses.file_id, statuses.segment
            order by
                coalesce(version.charge_amount = statuses.charge_amount, false) desc,
                version.sent_date desc, version.version_no desc, version.version_key
        ) as version_rank
    from statuses
    inner join {{ ref('int_claim_sent') }} as version
        on statuses.account_hash = version.account_hash
        and coalesce(version.sent_date <= statuses.answered_date, true)
),

ranked as (
    select
        *,
        row_number() over (
            partition by version_key
            order by answered_date desc nulls last, is_rejection desc, category_code, status_code,
                content_hash, segment
        ) as answer_rank,
        bool_or(has_payer_claim_number) over (partition by version_key) as is_known_to_payer
    from candidates
    where version_rank = 1
)

select
    version_key, file_id, segment, category_code, status_code, answered_date, is_rejection,
    is_known_to_payer
from ranked
where answer_rank = 1
