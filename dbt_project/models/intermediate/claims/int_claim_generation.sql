-- How often a payer had rejected the account of a claim (277CA) before the claim was sent.
-- Originals of different generations are no rivals: what was rejected is corrected and sent again.
with

rejections as (
    select distinct
        status.account_hash,
        coalesce(status.status_date, transaction.interchange_date) as rejected_date
    from {{ ref('stg_clearinghouse__status') }} as status
    inner join {{ ref('stg_clearinghouse__transaction') }} as transaction
        on status.file_id = transaction.file_id
        and status.transaction_no = transaction.transaction_no
    where status.category_code in ('A3', 'A4', 'A6', 'A7', 'A8')
)

select
    claim.file_id,
    claim.claim_no,
    count(*) as generation
from {{ ref('stg_clearinghouse__claim') }} as claim
inner join rejections
    on claim.account_hash = rejections.account_hash
    and claim.submitted_date >= rejections.rejected_date
group by claim.file_id, claim.claim_no
