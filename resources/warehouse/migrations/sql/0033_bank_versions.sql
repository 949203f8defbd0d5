-- When the bank made the file that a statement stands in (BAI2 01, by the bank's own clock), and
-- its number: of a day that was sent anew, the newest counts. Files of before have neither until
-- they are read again from the archive (`tieout replay`).
alter table raw.bank_statement
    add column file_made_at timestamp,
    add column file_number integer;
