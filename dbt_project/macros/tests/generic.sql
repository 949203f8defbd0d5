{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}


{#- Fails on null too: an equation that cannot be computed does not hold. -#}
{% test holds(model, expression) %}
select *
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}


{#- Full outer join: a key that one side lacks is a difference. -#}
{% test ties_to(model, to, keys, amount, to_amount, where='true', to_where='true') %}
with
here as (
    select {{ keys | join(', ') }}, sum({{ amount }}) as amount
    from {{ model }} where {{ where }} group by {{ keys | join(', ') }}
),
there as (
    select {{ keys | join(', ') }}, sum({{ to_amount }}) as amount
    from {{ to }} where {{ to_where }} group by {{ keys | join(', ') }}
)
select {{ keys | join(', ') }}, here.amount as left_amount, there.amount as right_amount
from here
full outer join there using ({{ keys | join(', ') }})
where coalesce(here.amount, 0) <> coalesce(there.amount, 0)
{% endtest %}


{% test zero_sum(model, amount, group_by) %}
select {{ group_by | join(', ') }}, sum({{ amount }}) as total
from {{ model }}
group by {{ group_by | join(', ') }}
having sum({{ amount }}) <> 0
{% endtest %}


{% test no_gap_periods(model, period, keys) %}
with
ordered as (
    select
        {{ keys | join(', ') }}, {{ period }} as period,
        lag({{ period }}) over (
            partition by {{ keys | join(', ') }} order by {{ period }}
        ) as before
    from {{ model }}
)
select * from ordered
where before is not null and period <> cast(before + interval '1 month' as date)
{% endtest %}


{#- The closing of one period is the opening of the next. -#}
{% test rolls_forward(model, period, keys, opening, closing) %}
with
ordered as (
    select
        {{ keys | join(', ') }}, {{ period }} as period, {{ opening }} as opening,
        lag({{ closing }}) over (
            partition by {{ keys | join(', ') }} order by {{ period }}
        ) as before
    from {{ model }}
)
select * from ordered
where opening <> coalesce(before, 0)
{% endtest %}


{% test accepted_range(model, column_name, min_value=none, max_value=none) %}
select {{ column_name }}
from {{ model }}
where
    false
    {% if min_value is not none %}or {{ column_name }} < {{ min_value }}{% endif %}
    {% if max_value is not none %}or {{ column_name }} > {{ max_value }}{% endif %}
{% endtest %}


{% test same_row_count(model, to, to_where='true', where='true') %}
select here.rows_here, there.rows_there
from (select count(*) as rows_here from {{ model }} where {{ where }}) as here
cross join (select count(*) as rows_there from {{ to }} where {{ to_where }}) as there
where here.rows_here <> there.rows_there
{% endtest %}
