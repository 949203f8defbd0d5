-- The words of the limits of one X12 file.
insert into ops.reason_code (code, rule, message) values
('FILE_LIMIT', 'a file has at most so many interchanges, transactions and segments (docs/x12.md)',
 'the rest of the file was not read; ask for it in smaller files'),
('TRANSACTION_TOO_LONG', 'a claim begins at least every 40 million bytes and 500,000 segments',
 'the rest of the transaction was not read')
on conflict (code) do update set rule = excluded.rule, message = excluded.message;
