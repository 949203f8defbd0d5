-- Each bank transaction with its entity, date and treatment. A statement sent twice counts once,
-- and of a day that the bank sent anew the newest version. A line that stands in both versions
-- keeps its key, so that a corrected statement moves the ledger by its correction alone.
with

located as (
    select
        line.file_id, line.segment, line.known_at, line.type_code, line.direction, line.amount,
        line.reference_text, line.trace_number, line.originator_id, line.transaction_no,
        coalesce(line.value_date, statements.as_of_date) as event_date,
        statements.finding_code, statements.copy_no, statements.currency_code,
        statements.bank_account, statements.as_of_date as statement_date, statements.content_hash,
        statements.version_rank, statements.is_current,
        coalesce(account.entity_code, installation.default_entity_code) as entity_code,
        account.bank_account is not null as is_mapped,
        installation.as_of_date,
        codes.treatment
    from {{ ref('stg_bank__transaction') }} as line
    inner join {{ ref('int_bank_statement') }} as statements
        on line.file_id = statements.file_id and line.statement_no = statements.statement_no
    cross join {{ ref('stg_ops__installation') }} as installation
    left join {{ ref('stg_ops__bank_account') }} as account
        on statements.bank_account = account.bank_account
    left join {{ ref('bank_type_codes') }} as codes
        on line.type_code = codes.type_code and line.direction = codes.direction
),

-- What a line says, and which of several that say the same in one version.
counted as (
    select
        *,
        {{ surrogate_key(['bank_account', 'statement_date', 'type_code', 'direction', 'amount',
            'event_date', 'reference_text', 'trace_number', 'originator_id',
            'finding_code is null and copy_no = 1']) }} as said_key
    from located
),

numbered as (
    select
        *,
        row_number() over (
            partition by said_key, is_current, case when not is_current then content_hash end
            order by content_hash, transaction_no, file_id, segment
        ) as same_no
    from counted
),

anchored as (
    select
        *,
        first_value(content_hash) over oldest as first_hash,
        first_value(transaction_no) over oldest as first_no
    from numbered
    window oldest as (
        partition by said_key, same_no
        order by version_rank desc nulls last, content_hash, transaction_no
    )
)

select
    file_id, segment, known_at, type_code, direction, amount, reference_text, trace_number,
    originator_id, event_date, finding_code, copy_no, currency_code, entity_code, is_mapped,
    as_of_date,
    case
        when finding_code is null and copy_no = 1
            then {{ surrogate_key(['bank_account', 'statement_date', 'first_hash', 'first_no']) }}
        else {{ surrogate_key(['bank_account', 'statement_date', 'content_hash',
            'transaction_no']) }}
    end as bank_line_key,
    treatment,
    case
        when finding_code is not null then finding_code
        when copy_no > 1 then 'DUPLICATE_RECORD'
        when not is_current then 'SUPERSEDED_VERSION'
        when event_date is null then 'DATE_MISSING'
        when event_date > as_of_date then 'DATED_AFTER_AS_OF'
        when currency_code <> 'USD' then 'FOREIGN_CURRENCY'
    end as barred_reason
from anchored
