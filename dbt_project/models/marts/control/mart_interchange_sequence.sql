with

interchanges as (
    select
        coalesce(sender_id, 'UNKNOWN') as sender_id,
        coalesce(receiver_id, 'UNKNOWN') as receiver_id,
        interchange_control,
        case when interchange_control ~ '^[0-9]{1,9}$'
            then cast(interchange_control as bigint) end as control_number,
        count(*) as transaction_count,
        count(distinct file_id) as file_count,
        min(interchange_date) as interchange_date
    from {{ ref('stg_clearinghouse__transaction') }}
    where interchange_control is not null
    group by 1, 2, 3
),

followed as (
    select
        *,
        control_number - lag(control_number) over (
            partition by sender_id, receiver_id order by control_number
        ) - 1 as missing_before_count
    from interchanges
)

select
    sender_id,
    receiver_id,
    interchange_control,
    interchange_date,
    cast(transaction_count as integer) as transaction_count,
    cast(file_count as integer) as file_count,
    file_count > 1 as is_repeated,
    cast(coalesce(missing_before_count, 0) as integer) as missing_before_count
from followed
