-- Refunds and fees of the card processor: each reading with its entity and its outcome.
with

movements as (
    select
        'card_refund' as record_kind, file_id, segment, known_at, refund_id as movement_id,
        charge_id, amount, currency_code, status = 'succeeded' as has_moved,
        refunded_date as event_date, cast(null as text) as merchant, status as version,
        'refund.paid.card' as event
    from {{ ref('stg_payments__card_refund') }}
    union all
    select
        'card_balance_transaction', file_id, segment, known_at, balance_transaction_id,
        source_id, fee_amount, currency_code, true, created_date, merchant,
        coalesce(payout_id, ''), case when type in ('charge', 'payment') then 'payout.fee' end
    from {{ ref('stg_payments__card_balance_transaction') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by record_kind, movement_id
            order by has_moved desc, version desc, amount, event_date, file_id, segment
        ) as version_rank,
        row_number() over (
            partition by record_kind, movement_id, version, amount, event_date
            order by file_id, segment
        ) as copy_no
    from movements
),

located as (
    select
        ranked.file_id, ranked.segment, ranked.known_at, ranked.record_kind, ranked.movement_id,
        ranked.amount, ranked.currency_code, ranked.has_moved, ranked.event,
        ranked.version_rank, ranked.copy_no, installation.as_of_date,
        case
            when ranked.record_kind = 'card_refund' then ranked.event_date
            else coalesce(charge.captured_date, ranked.event_date)
        end as event_date,
        coalesce(
            charge.entity_code, entity.entity_code, installation.default_entity_code
        ) as entity_code,
        case when ranked.record_kind = 'card_refund' then charge.account_key end as account_key,
        coalesce(charge.facility_code, 'NONE') as facility_code,
        coalesce(charge.payer_class, 'self_pay') as payer_class
    from ranked
    cross join {{ ref('stg_ops__installation') }} as installation
    left join {{ ref('int_card_charge') }} as charge
        on ranked.charge_id = charge.charge_id and charge.version_rank = 1
    left join {{ ref('stg_ops__entity') }} as entity on ranked.merchant = entity.entity_code
),

final as (
    select
        *,
        case
            when copy_no > 1 then 'DUPLICATE_RECORD'
            when version_rank > 1 then 'SUPERSEDED_VERSION'
            when not coalesce(has_moved, false) or amount = 0 then 'NOT_A_POSTING'
            when event is null then 'UNMAPPED_BANK_CODE'
            when currency_code <> 'USD' then 'FOREIGN_CURRENCY'
            when event_date is null then 'DATE_MISSING'
            when event_date > as_of_date then 'DATED_AFTER_AS_OF'
        end as reason_code
    from located
)

select
    *,
    case
        when reason_code is null then 'posted'
        when reason_code in ('DUPLICATE_RECORD', 'SUPERSEDED_VERSION', 'NOT_A_POSTING') then 'memo'
        else 'exception'
    end as outcome
from final
