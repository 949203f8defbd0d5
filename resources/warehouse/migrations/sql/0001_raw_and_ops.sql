-- What was received (raw, patient data) and what happened to it (ops). Money is numeric(14,2).
-- file_id is the first 16 bytes of the content's SHA-256: the same bytes have the same id anywhere.
create schema raw;
create schema ops;

create table ops.installation (
    only_row boolean primary key default true check (only_row),
    as_of_date date not null,
    default_entity_code text not null,
    default_facility_code text not null,
    updated_at timestamptz not null default now()
);

create table ops.entity (
    entity_code text primary key,
    name text not null,
    tin text
);

create table ops.facility (
    facility_code text primary key,
    entity_code text not null references ops.entity,
    name text not null
);

create table ops.provider (
    provider_id text primary key,             -- an NPI
    facility_code text not null references ops.facility
);

create table ops.bank_account (
    bank_account text primary key,
    entity_code text not null references ops.entity
);

create table ops.received_file (
    file_id uuid primary key,
    sha256 text not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
    source text not null,                     -- clearinghouse, bank, ehr, payments
    name text not null,
    kind text not null,                       -- x12, bai2, nacha, fhir_ndjson, card_list, unknown
    size_bytes bigint not null,
    received_at timestamptz not null,
    landed_at timestamptz,
    outcome text not null default 'archived' check (outcome in ('archived', 'landed', 'exception')),
    record_count integer not null default 0,
    segment_count integer not null default 0,
    is_reserialised boolean not null default false,
    reason_code text
);

-- Every time a name was seen. A second name for the same content is a duplicate of the first.
create table ops.file_sighting (
    sighting_id bigint generated always as identity primary key,
    file_id uuid references ops.received_file,
    source text not null,
    location text not null,                   -- folder, URL path or list window, no secrets
    name text not null,
    size_bytes bigint not null,
    modified_at timestamptz,
    seen_at timestamptz not null,
    outcome text not null check (outcome in ('taken', 'duplicate', 'waiting', 'failed')),
    reason_code text,
    unique nulls not distinct (source, location, name, size_bytes, modified_at)
);

create table ops.fetch_mark (                  -- where an API source stands (a hint, not a truth)
    source text not null,
    name text not null,
    value text not null,
    updated_at timestamptz not null,
    primary key (source, name)
);

create table ops.exception (
    exception_id text primary key,
    file_id uuid references ops.received_file,
    segment integer,
    source text not null,
    record_kind text not null,
    code text not null,
    severity text not null check (severity in ('error', 'warning')),
    rule text not null,
    message text not null,                    -- names file position and rule, never a value
    amount numeric(14, 2),
    entity_code text,
    origin text not null check (origin in ('receiving', 'parsing', 'build')),
    opened_at timestamptz not null,
    closed_at timestamptz
);
create index on ops.exception (file_id);

create table ops.build (
    build_id text primary key,
    as_of_date date not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    status text not null default 'running' check (status in ('running', 'succeeded', 'failed'))
);

create table ops.expected_check (
    check_id text primary key,
    kind text not null check (kind in ('dbt_test', 'expectation', 'tie_out', 'model')),
    severity text not null check (severity in ('error', 'warning')),
    is_blocking boolean not null
);

create table ops.check_result (
    build_id text not null references ops.build,
    check_id text not null,
    kind text not null,
    severity text not null,
    is_blocking boolean not null,
    has_passed boolean not null,
    left_amount numeric(18, 2),
    right_amount numeric(18, 2),
    difference numeric(18, 2),
    failing_count bigint,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (build_id, check_id)
);

create table ops.certificate (
    build_id text primary key references ops.build,
    passes boolean not null,
    check_count integer not null,
    failed_count integer not null,
    missing_count integer not null,
    content_hash text not null,
    issued_at timestamptz not null default clock_timestamp()
);

-- X12 ---------------------------------------------------------------------------------------
create table raw.x12_transaction (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    transaction_no integer not null,
    set_id text not null, version text,
    interchange_control text, group_control text, transaction_control text,
    sender_id text, receiver_id text, interchange_date date,
    segment_count integer not null,
    content_hash text not null,
    finding_code text,
    primary key (file_id, transaction_no)
);

create table raw.claim (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    transaction_no integer not null, claim_no integer not null,
    claim_kind text not null,                 -- 837P, 837I, 837D, 837
    claim_number text, account_hash text,
    billing_npi text, billing_tin text,
    payer_id text, payer_name text, payer_sequence text, claim_filing_code text,
    frequency_code text, original_reference text, facility_type_code text,
    charge_amount numeric(14, 2),
    service_from_date date, service_to_date date, submitted_date date,
    subscriber_id text,
    content_hash text not null, finding_code text,
    primary key (file_id, claim_no)
);

create table raw.claim_line (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    transaction_no integer not null, claim_no integer not null, line_no integer not null,
    procedure_code text, modifiers text, revenue_code text,
    charge_amount numeric(14, 2), units numeric(15, 3), service_date date,
    primary key (file_id, claim_no, line_no)
);

create table raw.remittance (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    transaction_no integer not null,
    payer_id text, payer_name text, trace_number text,
    payment_method text, credit_debit text, payment_amount numeric(14, 2), payment_date date,
    production_date date, payee_npi text, payee_tin text,
    claim_count integer not null, claim_paid_amount numeric(14, 2),
    provider_adjusted_amount numeric(14, 2),
    content_hash text not null, finding_code text,
    primary key (file_id, transaction_no)
);

create table raw.remittance_claim (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    transaction_no integer not null, claim_no integer not null,
    claim_number text, account_hash text,
    claim_status_code text, charge_amount numeric(14, 2), paid_amount numeric(14, 2),
    patient_responsibility_amount numeric(14, 2),
    claim_filing_code text, payer_claim_number text,
    facility_type_code text, frequency_code text,
    service_from_date date, received_date date,
    finding_code text,
    primary key (file_id, claim_no)
);

create table raw.remittance_line (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    transaction_no integer not null, claim_no integer not null, line_no integer not null,
    procedure_code text, modifiers text, revenue_code text,
    charge_amount numeric(14, 2), paid_amount numeric(14, 2), units numeric(15, 3),
    service_date date,
    primary key (file_id, claim_no, line_no)
);

create table raw.claim_adjustment (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    transaction_no integer not null, claim_no integer not null,
    line_no integer,                          -- null: a claim-level adjustment
    adjustment_no integer not null,           -- ordinal of the triplet within its claim
    group_code text, reason_code text, amount numeric(14, 2), quantity numeric(15, 3),
    remark_codes text,
    primary key (file_id, claim_no, adjustment_no)
);

create table raw.provider_adjustment (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    transaction_no integer not null, adjustment_no integer not null,  -- ordinal in transaction
    provider_id text, fiscal_period_date date,
    reason_code text, reference_id text, amount numeric(14, 2),
    primary key (file_id, transaction_no, adjustment_no)
);

-- Bank --------------------------------------------------------------------------------------
create table raw.bank_statement (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    statement_no integer not null,
    bank_id text, bank_account text, as_of_date date, currency text,
    opening_amount numeric(14, 2), closing_amount numeric(14, 2),
    content_hash text not null, finding_code text,
    primary key (file_id, statement_no)
);

create table raw.bank_transaction (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    statement_no integer not null, transaction_no integer not null,   -- ordinal in statement
    type_code text not null, direction text not null check (direction in ('credit', 'debit')),
    amount numeric(14, 2), value_date date, funds_type text,
    bank_reference text, customer_reference text, description text,
    trace_number text, originator_id text,    -- TRN02 and TRN03 where the text carries them
    primary key (file_id, statement_no, transaction_no)
);

create table raw.ach_entry (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    batch_no integer not null, entry_no integer not null,             -- ordinal in file
    sec_code text, company_id text, company_name text, company_description text,
    transaction_code text, direction text check (direction in ('credit', 'debit')),
    amount numeric(14, 2), effective_date date, ach_trace text,
    trace_number text, originator_id text,    -- TRN02 and TRN03 of the addenda
    finding_code text,
    primary key (file_id, entry_no)
);

-- EHR ---------------------------------------------------------------------------------------
create table raw.ehr_patient (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    patient_id text not null, family_name text, given_name text, birth_date date, gender text,
    updated_at timestamptz,
    primary key (file_id, segment)
);

create table raw.ehr_encounter (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    encounter_id text not null, patient_id text, account_number text, account_hash text,
    provider_npi text, encounter_class text, status text,
    started_at timestamptz, ended_at timestamptz, updated_at timestamptz,
    primary key (file_id, segment)
);

create table raw.ehr_coverage (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    coverage_id text not null, patient_id text, payer_id text, coverage_order integer,
    status text, start_date date, end_date date, subscriber_id text, updated_at timestamptz,
    primary key (file_id, segment)
);

create table raw.ehr_charge (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    charge_id text not null, encounter_id text, patient_id text, status text,
    procedure_code text, revenue_code text, units numeric(15, 3), amount numeric(14, 2),
    service_date date, posted_date date, updated_at timestamptz,
    primary key (file_id, segment)
);

-- Card processor ----------------------------------------------------------------------------
create table raw.card_charge (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    charge_id text not null, account_number text, account_hash text, merchant text,
    amount numeric(14, 2), currency text, status text, captured_at timestamptz,
    balance_transaction_id text,
    primary key (file_id, segment)
);

create table raw.card_refund (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    refund_id text not null, charge_id text, amount numeric(14, 2), currency text, status text,
    refunded_at timestamptz, balance_transaction_id text,
    primary key (file_id, segment)
);

create table raw.card_balance_transaction (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    balance_transaction_id text not null, type text, source_id text, payout_id text,
    merchant text, amount numeric(14, 2), fee_amount numeric(14, 2), net_amount numeric(14, 2),
    currency text, created_at timestamptz,
    primary key (file_id, segment)
);

create table raw.card_payout (
    file_id uuid not null, segment integer not null, known_at timestamptz not null,
    payout_id text not null, merchant text, amount numeric(14, 2), currency text, status text,
    arrival_date date, trace_number text, created_at timestamptz,
    primary key (file_id, segment)
);
