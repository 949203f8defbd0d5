{% macro surrogate_key(columns) -%}
    md5({% for column in columns %}coalesce(cast({{ column }} as text), '')
        {%- if not loop.last %} || '|' || {% endif %}{% endfor %})
{%- endmacro %}


{% macro money(expression) -%}
    cast({{ expression }} as numeric(14, 2))
{%- endmacro %}


{% macro safe_ratio(numerator, denominator, places=6) -%}
    cast(round(cast({{ numerator }} as numeric) / nullif({{ denominator }}, 0), {{ places }})
        as numeric(14, {{ places }}))
{%- endmacro %}


{% macro month_of(date) -%}
    cast(date_trunc('month', {{ date }}) as date)
{%- endmacro %}


{#- Weekdays since Monday 1970-01-05: the difference of two is the distance in business days. -#}
{% macro weekday_number(date) -%}
    (5 * (({{ date }} - date '1970-01-05') / 7)
        + least(({{ date }} - date '1970-01-05') % 7, 5))
{%- endmacro %}


{% macro business_days_between(first, second) -%}
    abs({{ weekday_number(first) }} - {{ weekday_number(second) }})
{%- endmacro %}


{#- Order statistic of a sorted array: never interpolated, so that a band does not under-cover. -#}
{% macro order_statistic(ratios, count, probability, side) -%}
    {%- if side == 'lower' -%}
    {{ ratios }}[greatest(1, cast(floor(({{ count }} + 1) * {{ probability }}) as integer))]
    {%- else -%}
    {{ ratios }}[least({{ count }}, cast(ceil(({{ count }} + 1) * {{ probability }}) as integer))]
    {%- endif -%}
{%- endmacro %}
