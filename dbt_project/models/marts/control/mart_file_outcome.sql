with

counted as (
    select
        file_id,
        record_kind,
        {% for outcome in ['posted', 'memo', 'exception'] -%}
        count(*) filter (where outcome = '{{ outcome }}') as {{ outcome }}_count,
        coalesce(sum(amount) filter (where outcome = '{{ outcome }}'), 0)
            as {{ outcome }}_amount,
        {% endfor -%}
        count(*) as record_count,
        sum(amount) as record_amount
    from {{ ref('int_record_outcome') }}
    group by file_id, record_kind
),

final as (
    select
        file.file_id,
        file.source,
        file.file_kind,
        file.file_outcome,
        file.reason_code,
        cast(file.received_at as date) as received_date,
        coalesce(counted.record_kind, 'none') as record_kind,
        cast(coalesce(counted.record_count, 0) as integer) as record_count,
        {% for outcome in ['posted', 'memo', 'exception'] -%}
        cast(coalesce(counted.{{ outcome }}_count, 0) as integer) as {{ outcome }}_count,
        {% endfor -%}
        {{ money('coalesce(counted.record_amount, 0)') }} as record_amount,
        {% for outcome in ['posted', 'memo', 'exception'] -%}
        {{ money('coalesce(counted.' ~ outcome ~ '_amount, 0)') }} as {{ outcome }}_amount
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('stg_ops__received_file') }} as file
    left join counted on file.file_id = counted.file_id
)

select * from final
