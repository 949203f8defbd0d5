-- Each bank statement with its place among those of its account and day. A bank that corrects a day
-- sends it anew, whole, in a file that it made later: the statements of the newest file count.
-- "Newer" is what the files say (made at, number), never when they came, so that any order of
-- arrival gives the same. A file that cannot be told apart otherwise goes by its content.
with

statements as (
    select
        *,
        coalesce(bank_account, content_hash) as account_key,
        finding_code is null as is_usable,
        row_number() over (
            partition by bank_account, as_of_date, content_hash
            order by finding_code is not null, file_id, statement_no
        ) as copy_no
    from {{ ref('stg_bank__statement') }}
),

files as (
    select
        account_key, as_of_date, file_id,
        row_number() over (
            partition by account_key, as_of_date
            order by max(file_made_at) desc nulls last, max(file_number) desc nulls last,
                file_id desc
        ) as version_rank
    from statements
    where is_usable
    group by account_key, as_of_date, file_id
),

newest as (
    select distinct statements.account_key, statements.as_of_date, statements.content_hash
    from statements
    inner join files using (account_key, as_of_date, file_id)
    where files.version_rank = 1 and statements.is_usable
)

select
    statements.file_id, statements.segment, statements.known_at, statements.statement_no,
    statements.bank_account, statements.as_of_date, statements.currency_code,
    statements.content_hash, statements.finding_code, statements.copy_no,
    files.version_rank,
    newest.content_hash is not null as is_current
from statements
left join files
    on statements.account_key = files.account_key and statements.as_of_date = files.as_of_date
    and statements.file_id = files.file_id
left join newest
    on statements.account_key = newest.account_key
    and statements.as_of_date = newest.as_of_date
    and statements.content_hash = newest.content_hash
    and statements.is_usable
