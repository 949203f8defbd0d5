{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- A schema is called what it is; no target prefix. -#}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
