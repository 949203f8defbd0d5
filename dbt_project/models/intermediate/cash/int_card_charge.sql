-- Each reading of a card charge with its account and its outcome.
with

ranked as (
    select
        *,
        row_number() over (
            partition by charge_id
            order by status = 'succeeded' desc, status, amount, captured_date, file_id, segment
        ) as version_rank,
        row_number() over (
            partition by charge_id, status, amount, captured_date, account_hash
            order by file_id, segment
        ) as copy_no
    from {{ ref('stg_payments__card_charge') }}
),

located as (
    select
        ranked.*,
        coalesce(entity.entity_code, installation.default_entity_code) as entity_code,
        installation.as_of_date
    from ranked
    cross join {{ ref('stg_ops__installation') }} as installation
    left join {{ ref('stg_ops__entity') }} as entity on ranked.merchant = entity.entity_code
),

final as (
    select
        located.file_id, located.segment, located.known_at, located.charge_id, located.amount,
        located.captured_date, located.entity_code, located.version_rank,
        account.account_key,
        account.account_key is not null as is_matched,
        coalesce(account.facility_code, 'NONE') as facility_code,
        coalesce(account.payer_class, 'self_pay') as payer_class,
        case
            when located.copy_no > 1 then 'DUPLICATE_RECORD'
            when located.version_rank > 1 then 'SUPERSEDED_VERSION'
            when located.status <> 'succeeded' or located.amount = 0 then 'NOT_A_POSTING'
            when located.currency_code <> 'USD' then 'FOREIGN_CURRENCY'
            when located.captured_date is null then 'DATE_MISSING'
            when located.captured_date > located.as_of_date then 'DATED_AFTER_AS_OF'
        end as reason_code
    from located
    left join {{ ref('int_account') }} as account
        on located.entity_code = account.entity_code
        and located.account_hash = account.account_hash
)

select
    *,
    case
        when reason_code is null then 'posted'
        when reason_code in ('DUPLICATE_RECORD', 'SUPERSEDED_VERSION', 'NOT_A_POSTING') then 'memo'
        else 'exception'
    end as outcome
from final
