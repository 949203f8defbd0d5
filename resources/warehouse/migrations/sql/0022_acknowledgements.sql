-- The status of a claim finds its claim by the keyed hash of the account number; words for what
-- acknowledgements, split payments and reversals leave waiting.
alter table raw.x12_status
    add column account_number text,  -- REF*EJ, else TRN*2 of its loop 2200D or 2200E
    add column account_hash text,
    add column payer_claim_number text;  -- REF*1K
create index on raw.x12_status (account_hash);

insert into ops.reason_code values
('CLAIM_REJECTED', 'a claim sent is accepted into adjudication (X214 STC)',
 'the newest acknowledgement rejects this claim; no later version and no payment has settled it'),
('TRANSMISSION_REJECTED', 'a transaction sent is accepted (X231 IK5, AK9; TA1)',
 'the transaction that carried this claim was rejected; it never reached adjudication'),
('NOT_ACKNOWLEDGED', 'a partner that acknowledges does so for every transaction',
 'nothing has come back for this transaction in the days that the project allows'),
('ACKNOWLEDGEMENT_UNMATCHED', 'an acknowledgement answers something that was sent',
 'no transaction sent has the control numbers that this acknowledgement names'),
('CONFLICTING_REMITTANCE', 'one payment has one remittance',
 'another remittance for the same payment says something else; one of the two counts'),
('SPLIT_REMITTANCE', 'one payment has one remittance',
 'a part of a payment that came in several transactions; together they give the payment'),
('REVERSAL_WITHOUT_ORIGINAL', 'a reversal takes back an earlier payment (X221 1.10.2.8)',
 'no earlier payment of this claim has these amounts'),
('SEGMENT_TOO_LONG', 'a segment has at most 8 million bytes',
 'a segment without an end; only its beginning was read'),
('TRANSACTION_TOO_LONG', 'a claim begins at least every 40 million bytes',
 'the rest of the transaction was not read')
on conflict do nothing;
