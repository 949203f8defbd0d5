-- Bank --------------------------------------------------------------------------------------
create table raw.bank_statement (
    file_id uuid,
    segment integer not null,
    known_at timestamptz not null,
    statement_no integer,
    bank_id text,
    bank_account text,
    as_of_date date,
    currency text,
    opening_amount numeric(14,2),
    closing_amount numeric(14,2),
    content_hash text not null,
    finding_code text,
    file_made_at timestamp without time zone,
    file_number integer,
    primary key (file_id, statement_no)
);

create table raw.bank_transaction (
    file_id uuid,
    segment integer not null,
    known_at timestamptz not null,
    -- ordinal in statement
    statement_no integer,
    transaction_no integer,
    type_code text not null,
    direction text not null check (direction in ('credit', 'debit')),
    amount numeric(14,2),
    value_date date,
    funds_type text,
    bank_reference text,
    customer_reference text,
    description text,
    -- TRN02 and TRN03 where the text carries them
    trace_number text,
    originator_id text,
    primary key (file_id, statement_no, transaction_no)
);

create table raw.ach_entry (
    file_id uuid,
    segment integer not null,
    known_at timestamptz not null,
    -- ordinal in file
    batch_no integer not null,
    entry_no integer,
    sec_code text,
    company_id text,
    company_name text,
    company_description text,
    transaction_code text,
    direction text check (direction in ('credit', 'debit')),
    amount numeric(14,2),
    effective_date date,
    ach_trace text,
    -- TRN02 and TRN03 of the addenda
    trace_number text,
    originator_id text,
    finding_code text,
    primary key (file_id, entry_no)
);

-- EHR ---------------------------------------------------------------------------------------
create table raw.ehr_patient (
    file_id uuid,
    segment integer,
    known_at timestamptz not null,
    patient_id text not null,
    family_name text,
    given_name text,
    birth_date date,
    gender text,
    updated_at timestamptz,
    primary key (file_id, segment)
);

create table raw.ehr_encounter (
    file_id uuid,
    segment integer,
    known_at timestamptz not null,
    encounter_id text not null,
    patient_id text,
    account_number text,
    account_hash text,
    provider_npi text,
    encounter_class text,
    status text,
    started_at timestamptz,
    ended_at timestamptz,
    updated_at timestamptz,
    primary key (file_id, segment)
);

create table raw.ehr_coverage (
    file_id uuid,
    segment integer,
    known_at timestamptz not null,
    coverage_id text not null,
    patient_id text,
    payer_id text,
    coverage_order integer,
    status text,
    start_date date,
    end_date date,
    subscriber_id text,
    updated_at timestamptz,
    primary key (file_id, segment)
);

create table raw.ehr_charge (
    file_id uuid,
    segment integer,
    known_at timestamptz not null,
    charge_id text not null,
    encounter_id text,
    patient_id text,
    status text,
    procedure_code text,
    revenue_code text,
    units numeric(15,3),
    amount numeric(14,2),
    service_date date,
    posted_date date,
    updated_at timestamptz,
    primary key (file_id, segment)
);

-- Card processor ----------------------------------------------------------------------------
create table raw.card_charge (
    file_id uuid,
    segment integer,
    known_at timestamptz not null,
    charge_id text not null,
    account_number text,
    account_hash text,
    merchant text,
    amount numeric(14,2),
    currency text,
    status text,
    captured_at timestamptz,
    balance_transaction_id text,
    primary key (file_id, segment)
);

create table raw.card_refund (
    file_id uuid,
    segment integer,
    known_at timestamptz not null,
    refund_id text not null,
    charge_id text,
    amount numeric(14,2),
    currency text,
    status text,
    refunded_at timestamptz,
    balance_transaction_id text,
    primary key (file_id, segment)
);

create table raw.card_balance_transaction (
    file_id uuid,
    segment integer,
    known_at timestamptz not null,
    balance_transaction_id text not null,
    type text,
    source_id text,
    payout_id text,
    merchant text,
    amount numeric(14,2),
    fee_amount numeric(14,2),
    net_amount numeric(14,2),
    currency text,
    created_at timestamptz,
    primary key (file_id, segment)
);

create table raw.card_payout (
    file_id uuid,
    segment integer,
    known_at timestamptz not null,
    payout_id text not null,
    merchant text,
    amount numeric(14,2),
    currency text,
    status text,
    arrival_date date,
    trace_number text,
    created_at timestamptz,
    primary key (file_id, segment)
);
