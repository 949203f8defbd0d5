with

balances as (
    select
        line.entity_code, line.facility_code, line.payer_class,
        case line.account when '1110' then 'payer' else 'patient' end as responsibility,
        case line.account when '1110' then line.claim_key else line.account_key end as item_key,
        min(line.account_key) as account_key,
        min(line.claim_key) as claim_key,
        min(line.original_date) as first_date,
        sum(line.signed_amount) as balance_amount
    from {{ ref('fct_ledger_line') }} as line
    where line.account in ('1110', '1120')
    group by 1, 2, 3, 4, 5
    having sum(line.signed_amount) <> 0
),

aged as (
    select
        balances.*,
        installation.as_of_date,
        installation.as_of_date - coalesce(
            case balances.responsibility when 'payer' then claim.service_date end,
            account.service_date, balances.first_date
        ) as age_days
    from balances
    cross join {{ ref('stg_ops__installation') }} as installation
    left join {{ ref('int_claim_account') }} as claim on balances.claim_key = claim.claim_key
    left join {{ ref('int_account') }} as account on balances.account_key = account.account_key
),

final as (
    select
        aged.as_of_date,
        aged.entity_code,
        aged.facility_code,
        aged.payer_class,
        aged.responsibility,
        bucket.bucket,
        bucket.position as bucket_position,
        cast(count(*) as integer) as item_count,
        {{ money('sum(aged.balance_amount)') }} as balance_amount
    from aged
    inner join {{ ref('aging_buckets') }} as bucket
        on case
            when aged.balance_amount < 0 then bucket.bucket = 'CREDIT'
            else bucket.bucket <> 'CREDIT'
                and aged.age_days >= coalesce(bucket.from_days, aged.age_days)
                and aged.age_days <= coalesce(bucket.to_days, aged.age_days)
        end
    group by 1, 2, 3, 4, 5, 6, 7
)

select * from final
