-- Each bank transaction with its entity, date and treatment. A statement sent twice counts once.
with

statements as (
    select
        *,
        row_number() over (
            partition by bank_account, as_of_date, content_hash
            order by finding_code is not null, file_id, statement_no
        ) as copy_no
    from {{ ref('stg_bank__statement') }}
),

located as (
    select
        line.file_id, line.segment, line.known_at, line.type_code, line.direction, line.amount,
        line.reference_text, line.trace_number, line.originator_id,
        coalesce(line.value_date, statements.as_of_date) as event_date,
        statements.finding_code, statements.copy_no, statements.currency_code,
        coalesce(account.entity_code, installation.default_entity_code) as entity_code,
        account.bank_account is not null as is_mapped,
        installation.as_of_date,
        {{ surrogate_key(['statements.bank_account', 'statements.as_of_date',
            'statements.content_hash', 'line.transaction_no']) }} as bank_line_key,
        codes.treatment
    from {{ ref('stg_bank__transaction') }} as line
    inner join statements
        on line.file_id = statements.file_id and line.statement_no = statements.statement_no
    cross join {{ ref('stg_ops__installation') }} as installation
    left join {{ ref('stg_ops__bank_account') }} as account
        on statements.bank_account = account.bank_account
    left join {{ ref('bank_type_codes') }} as codes
        on line.type_code = codes.type_code and line.direction = codes.direction
)

select
    *,
    case
        when finding_code is not null then finding_code
        when copy_no > 1 then 'DUPLICATE_RECORD'
        when event_date is null then 'DATE_MISSING'
        when event_date > as_of_date then 'DATED_AFTER_AS_OF'
        when currency_code <> 'USD' then 'FOREIGN_CURRENCY'
    end as barred_reason
from located
