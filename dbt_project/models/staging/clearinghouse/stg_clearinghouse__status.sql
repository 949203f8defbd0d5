-- What a 277CA says of a whole claim (X214: category A); the claim is known by its keyed hash.
select
    file_id,
    segment,
    transaction_no,
    account_hash,
    upper(trim(category_code_1)) as category_code,
    trim(status_code_1) as status_code,
    status_date,
    charge_amount,
    nullif(trim(payer_claim_number), '') is not null as has_payer_claim_number
from {{ source('raw', 'x12_status') }}
where account_hash is not null and line_no is null and upper(trim(category_code_1)) like 'A%'
