-- What billing needs beside claims and payments: places, pointers and units of lines, groupers, what a
-- payer priced (MIA, MOA), drugs, attachments and provider totals.
alter table raw.claim_line
    add column procedure_qualifier text,
    add column unit_code text,
    add column place_of_service_code text,  -- SV105, SV303
    add column diagnosis_pointers text;  -- SV107, SV311, as they stand
alter table raw.remittance_claim
    add column drg_code text,
    add column drg_weight text,
    add column discharge_fraction text;
alter table raw.remittance_line
    add column procedure_qualifier text,
    add column submitted_procedure_code text,  -- SVC06
    add column submitted_units numeric(15,3);  -- SVC07
alter table raw.x12_coverage add column insurance_type text;
alter table raw.x12_adjudication
    add column modifier_2 text,
    add column modifier_3 text,
    add column modifier_4 text,
    add column revenue_code text,
    add column bundled_line text;
alter table raw.x12_authorisation add column release_code text;
alter table raw.x12_code add column answer text;  -- CRC02

-- Drugs of a line: LIN with its CTP.
create table raw.x12_drug (
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
    drug_code text,
    quantity numeric(15,3),
    unit_code text,
    primary key (file_id, segment, repetition)
);

-- Paperwork that follows: PWK.
create table raw.x12_attachment (
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
    report_type text,
    transmission_code text,
    id_qualifier text,
    control_number text,
    primary key (file_id, segment, repetition)
);

-- What MIA and MOA say of the price of a claim.
create table raw.x12_adjudicated_amounts (
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
    covered_days numeric(15,3),
    outlier_amount numeric(14,2),
    lifetime_days numeric(15,3),
    drg_amount numeric(14,2),
    disproportionate_share_amount numeric(14,2),
    pass_through_amount numeric(14,2),
    capital_amount numeric(14,2),
    indirect_teaching_amount numeric(14,2),
    nonpayable_professional_amount numeric(14,2),
    reimbursement_rate numeric(15,3),
    payable_amount numeric(14,2),
    esrd_amount numeric(14,2),
    primary key (file_id, segment, repetition)
);

-- Totals of a provider in a remittance: TS3.
create table raw.x12_provider_summary (
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
    provider_id text,
    facility_type_code text,
    fiscal_period_date date,
    claim_count numeric(15,3),
    charge_amount numeric(14,2),
    primary key (file_id, segment, repetition)
);

grant select, insert on
    raw.x12_drug, raw.x12_attachment, raw.x12_adjudicated_amounts, raw.x12_provider_summary
    to :prefix_ingest;
grant select on
    raw.x12_drug, raw.x12_attachment, raw.x12_adjudicated_amounts, raw.x12_provider_summary
    to :prefix_transform;
