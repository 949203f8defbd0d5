-- Account 2130 as its payers see it: what each deferred, carried forward and took, by reference.
with

items as (
    select
        item_key, entity_code, payer_code,
        string_agg(distinct adjustment_code, ' ' order by adjustment_code) as adjustment_codes,
        bool_or(reference_id is not null) as has_reference,
        min(event_date) as first_date,
        max(event_date) as last_date,
        coalesce(sum(-amount) filter (where amount < 0), 0) as deferred_amount,
        coalesce(sum(amount) filter (where amount > 0), 0) as taken_amount,
        sum(amount) as reported_amount
    from {{ ref('int_recoupment') }}
    group by item_key, entity_code, payer_code
),

-- A request or an entry by hand names the reference that it clears, without the payer.
named as (
    select entity_code, reference_id, min(item_key) as item_key
    from {{ ref('int_recoupment') }}
    where reference_id is not null
    group by entity_code, reference_id
),

decided as (
    select named.item_key, sum(line.signed_amount) as amount
    from {{ ref('fct_ledger_line') }} as line
    inner join named
        on line.entity_code = named.entity_code
        and upper(trim(line.control_key)) = named.reference_id
    where line.account = '2130' and line.event not in ('plb.WO', 'plb.FB', 'plb.72')
    group by named.item_key
),

linked as (
    select
        item_key,
        count(*) as reversal_count,
        case when count(*) = 1 then min(reversal_key) end as reversal_key,
        min(reversal_date) as reversal_date,
        sum(reversed_paid_amount) as reversed_paid_amount,
        min(linked_by) as linked_by
    from {{ ref('int_recoupment_reversal') }}
    group by item_key
),

aged as (
    select
        items.*, installation.as_of_date, installation.as_of_date - items.first_date as age_days,
        coalesce(decided.amount, 0) as decided_amount,
        items.reported_amount + coalesce(decided.amount, 0) as open_amount
    from items
    cross join {{ ref('stg_ops__installation') }} as installation
    left join decided on items.item_key = decided.item_key
),

final as (
    select
        aged.item_key,
        aged.as_of_date,
        aged.entity_code,
        aged.payer_code,
        aged.adjustment_codes,
        aged.has_reference,
        aged.first_date,
        aged.last_date,
        {{ money('aged.deferred_amount') }} as deferred_amount,
        {{ money('aged.taken_amount') }} as taken_amount,
        {{ money('aged.decided_amount') }} as decided_amount,
        {{ money('aged.open_amount') }} as open_amount,
        cast(aged.age_days as integer) as age_days,
        bucket.bucket,
        cast(coalesce(linked.reversal_count, 0) as integer) as reversal_count,
        linked.reversal_key,
        linked.reversal_date,
        {{ money('coalesce(linked.reversed_paid_amount, 0)') }} as reversed_paid_amount,
        coalesce(linked.linked_by, 'none') as linked_by
    from aged
    left join {{ ref('aging_buckets') }} as bucket
        on aged.open_amount <> 0 and bucket.bucket <> 'CREDIT'
        and aged.age_days >= coalesce(bucket.from_days, aged.age_days)
        and aged.age_days <= coalesce(bucket.to_days, aged.age_days)
    left join linked on aged.item_key = linked.item_key
)

select * from final
