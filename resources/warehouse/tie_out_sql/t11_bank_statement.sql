-- T11: the bank's closing balance = its first opening balance + cash in the ledger (1010) +
-- statement lines that are neither posted nor booked by people. Of a day that the bank sent anew
-- the newest file counts (by when it was made, and its number); the older ones are superseded. A
-- statement that does not go on from the one before it is a break: one is missing, or one file has
-- two. Per entity.
with usable as (
    select
        account.entity_code, s.bank_account, s.as_of_date, s.opening_amount, s.closing_amount,
        s.content_hash, s.file_id,
        first_value(s.file_id) over (
            partition by s.bank_account, s.as_of_date
            order by s.file_made_at desc nulls last, s.file_number desc nulls last,
                s.file_id desc) as newest_file_id
    from raw.bank_statement as s
    cross join ops.installation as installation
    inner join ops.bank_account as account using (bank_account)
    where s.finding_code is null and s.as_of_date <= installation.as_of_date
),

statement as (
    select distinct
        entity_code, bank_account, as_of_date, content_hash, opening_amount, closing_amount
    from usable
    where file_id = newest_file_id
),

followed as (
    select
        *,
        lag(closing_amount) over account_days as prior_amount,
        row_number() over account_days as first_no,
        row_number() over (
            partition by bank_account order by as_of_date desc, closing_amount) as last_no
    from statement
    window account_days as (partition by bank_account order by as_of_date, opening_amount)
),

bank as (
    select
        entity_code,
        sum(closing_amount) filter (where last_no = 1) as closing_amount,
        sum(opening_amount) filter (where first_no = 1) as opening_amount,
        count(*) filter (where opening_amount <> prior_amount) as breaks
    from followed
    group by entity_code
),

book as (
    select entity_code, sum(signed_amount) as amount
    from marts.fct_ledger_line
    where account = '1010'
    group by entity_code
),

-- A line that waits and that people booked by an entry of its day and amount waits no longer.
waiting as (
    select
        entity_code, event_date,
        case direction when 'credit' then amount else -amount end as amount,
        row_number() over (partition by entity_code, event_date, direction, amount) as nth
    from intermediate.int_bank_line_outcome
    where outcome = 'exception' and reason_code <> 'DUPLICATE_RECORD' and is_mapped
),

booked as (
    select
        entity_code, event_date, signed_amount as amount,
        row_number() over (partition by entity_code, event_date, signed_amount) as nth
    from ledger.manual_line
    where account = '1010'
),

outstanding as (
    select entity_code, sum(amount) as amount
    from waiting
    where not exists (
        select from booked
        where (booked.entity_code, booked.event_date, booked.amount, booked.nth)
            = (waiting.entity_code, waiting.event_date, waiting.amount, waiting.nth))
    group by entity_code
)

select
    bank.entity_code as scope,
    bank.closing_amount as left_amount,
    bank.opening_amount + coalesce(book.amount, 0) + coalesce(outstanding.amount, 0)
        as right_amount,
    bank.breaks
from bank
left join book using (entity_code)
left join outstanding using (entity_code)
order by 1
