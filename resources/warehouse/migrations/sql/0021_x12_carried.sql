-- What X12 transactions carry beside claims and payments, each row keyed by the claim, the line and
-- the loop of the guide it stands in; and every segment that no other table took, as it stands.
alter table raw.claim_line add column assigned_number text;  -- LX01

-- The beginning of a hierarchical transaction (BHT).
create table raw.x12_header (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    structure_code text,
    purpose_code text,
    reference text,
    created_date date,
    type_code text,
    primary key (file_id, segment, repetition)
);

-- Hierarchical levels (HL).
create table raw.x12_level (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    level_number text,
    parent_number text,
    level_code text,
    primary key (file_id, segment, repetition)
);

-- Parties: NM1 and N1 with their N3, N4, DMG and PRV.
create table raw.x12_party (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    entity_code text,
    entity_type text,
    name text,
    first_name text,
    middle_name text,
    suffix text,
    id_qualifier text,
    party_id text,
    address text,
    city text,
    state text,
    postal_code text,
    birth_date date,
    gender_code text,
    taxonomy_code text,
    primary key (file_id, segment, repetition)
);

-- References and traces (REF, TRN).
create table raw.x12_reference (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    qualifier text,
    reference text,
    description text,
    primary key (file_id, segment, repetition)
);

-- Dates and periods (DTM, DTP).
create table raw.x12_date (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    qualifier text,
    from_date date,
    to_date date,
    written text,
    primary key (file_id, segment, repetition)
);

-- Amounts for information (AMT).
create table raw.x12_amount (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    qualifier text,
    amount numeric(14, 2),
    primary key (file_id, segment, repetition)
);

-- Quantities (QTY).
create table raw.x12_quantity (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    qualifier text,
    quantity numeric(15, 3),
    primary key (file_id, segment, repetition)
);

-- Diagnosis, procedure and condition codes (HI), remarks (LQ, MOA), rejections (AAA), CL1.
create table raw.x12_code (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    qualifier text,
    code text,
    code_date date,
    amount numeric(14, 2),
    present_on_admission text,
    primary key (file_id, segment, repetition)
);

-- Adjustments by other payers (CAS outside the 835).
create table raw.x12_adjustment (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    group_code text,
    reason_code text,
    amount numeric(14, 2),
    quantity numeric(15, 3),
    primary key (file_id, segment, repetition)
);

-- Coverage of other payers (SBR).
create table raw.x12_coverage (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    payer_sequence text,
    relationship_code text,
    group_number text,
    group_name text,
    claim_filing_code text,
    primary key (file_id, segment, repetition)
);

-- Lines as another payer decided them (SVD).
create table raw.x12_adjudication (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    payer_id text,
    paid_amount numeric(14, 2),
    procedure_qualifier text,
    procedure_code text,
    modifier_1 text,
    units numeric(15, 3),
    primary key (file_id, segment, repetition)
);

-- Claim and line status (STC) with all three composites.
create table raw.x12_status (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    category_code_1 text,
    status_code_1 text,
    entity_code_1 text,
    status_date date,
    action_code text,
    charge_amount numeric(14, 2),
    paid_amount numeric(14, 2),
    paid_date date,
    check_number text,
    category_code_2 text,
    status_code_2 text,
    entity_code_2 text,
    category_code_3 text,
    status_code_3 text,
    entity_code_3 text,
    primary key (file_id, segment, repetition)
);

-- Inquiries and benefits (EQ, EB).
create table raw.x12_benefit (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    benefit_code text,
    coverage_level text,
    service_types text,
    insurance_type text,
    plan_description text,
    period_code text,
    amount numeric(14, 2),
    fraction numeric(15, 3),
    quantity_qualifier text,
    quantity numeric(15, 3),
    authorisation_code text,
    network_code text,
    procedure_qualifier text,
    procedure_code text,
    primary key (file_id, segment, repetition)
);

-- Review requests and decisions (UM, HCR).
create table raw.x12_authorisation (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    request_category text,
    certification_type text,
    service_type text,
    facility_type_code text,
    action_code text,
    authorisation_number text,
    reason_code text,
    primary key (file_id, segment, repetition)
);

-- Services in an inquiry, a status or an authorisation (SVC, SV1, SV2, SV3).
create table raw.x12_service (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    procedure_qualifier text,
    procedure_code text,
    charge_amount numeric(14, 2),
    paid_amount numeric(14, 2),
    revenue_code text,
    units numeric(15, 3),
    primary key (file_id, segment, repetition)
);

-- Premium payments and their parts (BPR, RMR, ADX of the 820).
create table raw.x12_premium (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    reason_code text,
    amount numeric(14, 2),
    paid_date date,
    qualifier text,
    reference text,
    billed_amount numeric(14, 2),
    adjusted_amount numeric(14, 2),
    primary key (file_id, segment, repetition)
);

-- What a 999, 997 or TA1 says of what was sent.
create table raw.x12_acknowledgement (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    repetition integer not null,
    functional_code text,
    acknowledged_control text,
    guide text,
    disposition text,
    reason_code text,
    erring_segment text,
    erring_position text,
    erring_loop text,
    primary key (file_id, segment, repetition)
);

-- Every segment that no other table took, as it stands.
create table raw.x12_segment (
    file_id uuid not null,
    known_at timestamptz not null,
    segment integer not null,
    transaction_no integer not null,
    claim_no integer,
    line_no integer,
    loop text,
    loop_segment integer,
    segment_id text not null,
    content text,
    primary key (file_id, segment)
);

grant select, insert on
    raw.x12_header, raw.x12_level, raw.x12_party, raw.x12_reference,
    raw.x12_date, raw.x12_amount, raw.x12_quantity, raw.x12_code,
    raw.x12_adjustment, raw.x12_coverage, raw.x12_adjudication, raw.x12_status,
    raw.x12_benefit, raw.x12_authorisation, raw.x12_service, raw.x12_premium,
    raw.x12_acknowledgement, raw.x12_segment
    to :prefix_ingest;
grant select on
    raw.x12_header, raw.x12_level, raw.x12_party, raw.x12_reference,
    raw.x12_date, raw.x12_amount, raw.x12_quantity, raw.x12_code,
    raw.x12_adjustment, raw.x12_coverage, raw.x12_adjudication, raw.x12_status,
    raw.x12_benefit, raw.x12_authorisation, raw.x12_service, raw.x12_premium,
    raw.x12_acknowledgement, raw.x12_segment
    to :prefix_transform;

insert into ops.reason_code values
('ADJUSTMENT_INCOMPLETE', 'CAS01 names the group of an adjustment, PLB01 the provider (X221)',
 'the adjustment does not say its group or its provider'),
('COORDINATION_OFF_BALANCE', 'CLM02 = AMT*D + all CAS of a payer before (X222 1.4.4.2)',
 'the claim charge differs from what another payer paid and adjusted'),
('COORDINATION_LINE_OFF_BALANCE', 'line charge = SVD02 + CAS of a payer before (X222 1.4.4.1)',
 'the line charge differs from what another payer paid and adjusted'),
('VALUE_UNREADABLE', 'a date, amount or quantity can be read as one (X12.6)',
 'the element is left empty; the segment is kept as it stands');
