-- What a transmission counts and sums is what its claims do; a claim always came in one.
select coalesce(sent.file_id, claims.file_id) as file_id
from {{ ref('mart_transmission') }} as sent
full join (
    select claim.file_id, claim.transaction_no, count(*) as claim_count,
        sum(claim.charge_amount) as charge_amount
    from {{ ref('int_claim_version') }} as claim
    inner join {{ ref('stg_clearinghouse__transaction') }} as transaction
        on claim.file_id = transaction.file_id
        and claim.transaction_no = transaction.transaction_no
    group by claim.file_id, claim.transaction_no
) as claims
    on sent.file_id = claims.file_id and sent.transaction_no = claims.transaction_no
where
    coalesce(sent.claim_count, 0) <> coalesce(claims.claim_count, 0)
    or coalesce(sent.charge_amount, 0) <> coalesce(claims.charge_amount, 0)
