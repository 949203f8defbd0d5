-- The cut-offs that an estimate may be of (of each entity the last one of each of its three newest
-- months with one), and those of earlier runs, which are followed only.
with

recorded as (
    select
        cutoff.entity_code, cutoff.cutoff_date,
        row_number() over (
            partition by cutoff.entity_code, {{ month_of('cutoff.cutoff_date') }}
            order by cutoff.cutoff_date desc
        ) as place_in_month,
        dense_rank() over (
            partition by cutoff.entity_code order by {{ month_of('cutoff.cutoff_date') }} desc
        ) as month_place
    from {{ ref('stg_ledger__cutoff') }} as cutoff
    cross join {{ ref('stg_ops__installation') }} as installation
    where cutoff.cutoff_date <= installation.as_of_date
),

estimable as (
    select entity_code, cutoff_date
    from recorded
    where place_in_month = 1 and month_place <= 3
),

followed as (
    select entity_code, cutoff_date
    from estimable
    union
    select entity_code, cutoff_date
    from {{ ref('stg_ledger__model_run') }}
)

select
    entity_code,
    cutoff_date,
    (entity_code, cutoff_date) in (select entity_code, cutoff_date from estimable) as is_estimable
from followed
