-- What a build hands over, in tables of the owner: `transform` inserts and deletes rows here, and
-- no function with the owner's rights reads a relation of `transform`. Columns have types of
-- pg_catalog only.

-- One row per ledger line that the evidence desires, as marts.fct_ledger_line has it.
create table ledger.desired_line (
    line_id text primary key,
    event_id text not null,
    event text not null,
    rule text not null,
    rule_version text not null,
    account text not null,
    signed_amount numeric(14,2) not null,
    entity_code text not null,
    facility_code text,
    payer_class text,
    claim_key text,
    account_key text,
    control_key text,
    approval_class text not null,
    original_date date not null,
    reaches_erp boolean not null,
    evidence_hash text not null,
    file_id uuid,
    segment integer,
    known_at timestamptz
);
create index desired_line_event_id_idx on ledger.desired_line (event_id);
create index desired_line_claim_key_idx on ledger.desired_line (claim_key);
create index desired_line_account_key_idx on ledger.desired_line (account_key);
create index desired_line_bucket_idx on ledger.desired_line
    (entity_code, original_date, left(md5(event_id), 1));

-- One row per event that the evidence has and that no rule gives a line today.
create table ledger.desired_event (
    event_id text primary key,
    entity_code text not null,
    original_date date not null,
    rule text not null,
    rule_version text not null
);

-- One row per bucket of desired lines that reach the ERP, kept by trigger: entity, original date
-- and slot of the event (empty: the day).
create table ledger.desired_digest (
    entity_code text,
    original_date date,
    slot text,
    line_count bigint not null,
    digest_high numeric not null,
    digest_low numeric not null,
    primary key (entity_code, original_date, slot)
);

-- One row per account or claim, payee and tender: what was paid and refunded.
create table ledger.payment_by_tender (
    entity_code text,
    subject text,
    subject_key text,
    payee text,
    tender text,
    paid_amount numeric(14,2) not null,
    refunded_amount numeric(14,2) not null,
    primary key (entity_code, subject, subject_key, payee, tender)
);

-- One row per segment and age: the balance that an estimate is made for.
create table ledger.estimate_balance (
    entity_code text,
    cutoff_date date,
    rule text,
    facility_code text,
    payer_class text,
    age_bucket text,
    balance_amount numeric(14,2) not null,
    primary key (entity_code, cutoff_date, rule, facility_code, payer_class, age_bucket)
);

-- One row per segment, age and period: the history that a rate of an estimate follows from.
create table ledger.estimate_rate (
    entity_code text,
    cutoff_date date,
    rule text,
    facility_code text,
    payer_class text,
    age_bucket text,
    period text,
    observation_count integer not null,
    exposed_amount numeric(14,2) not null,
    lost_amount numeric(14,2) not null,
    uncollected_amount numeric(14,2) not null,
    primary key (entity_code, cutoff_date, rule, facility_code, payer_class, age_bucket, period)
);

-- One row per entity and balance-sheet account: the reconciliation that people sign.
create table ledger.account_reconciliation (
    entity_code text,
    account text,
    account_name text not null,
    as_of_date date not null,
    balance_amount numeric(14,2) not null,
    items_amount numeric(14,2) not null,
    unposted_amount numeric(14,2) not null,
    explained_amount numeric(14,2) not null,
    unexplained_amount numeric(14,2) not null,
    item_count integer not null,
    oldest_age_days integer,
    age_30_amount numeric(14,2) not null,
    age_60_amount numeric(14,2) not null,
    age_90_amount numeric(14,2) not null,
    age_over_90_amount numeric(14,2) not null,
    primary key (entity_code, account)
);

-- One row per record that the newest build left waiting, or warns of.
create table ops.build_exception (
    exception_id text primary key,
    file_id uuid,
    segment integer,
    source text,
    record_kind text not null,
    reason_code text,
    severity text not null,
    rule text,
    detail text,
    amount numeric(14,2),
    entity_code text
);
