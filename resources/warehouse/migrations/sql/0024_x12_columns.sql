-- More of what X12 transactions say, in columns of its own: the rest of the elements of claims,
-- lines, payments and answers, and segments that stood in raw.x12_segment before.

alter table raw.claim
    add column facility_code_qualifier text,
    add column provider_signature_code text,
    add column assignment_code text,
    add column benefits_assigned_code text,
    add column release_code text,
    add column patient_signature_code text,
    add column related_causes text,
    add column accident_state text,
    add column accident_country text,
    add column special_program_code text,
    add column participation_code text,
    add column explanation_code text,
    add column delay_reason_code text,
    add column relationship_code text,
    add column group_number text,
    add column group_name text,
    add column insurance_type_code text;

alter table raw.claim_line
    add column procedure_description text,
    add column unit_rate numeric(18, 6),
    add column noncovered_amount numeric(14, 2),
    add column emergency_code text,
    add column epsdt_code text,
    add column family_planning_code text,
    add column copay_code text,
    add column oral_cavity_codes text,
    add column prosthesis_code text,
    add column service_to_date date;

alter table raw.remittance
    add column trace_supplement text,
    add column originator_id text,
    add column company_id text,
    add column company_supplement text,
    add column handling_code text,
    add column payment_format text,
    add column originating_bank_id text,
    add column originating_account text,
    add column receiving_bank_id text,
    add column receiving_account text;

alter table raw.remittance_claim
    add column service_to_date date,
    add column remark_codes text;

alter table raw.remittance_line
    add column procedure_description text,
    add column submitted_qualifier text,
    add column submitted_modifiers text,
    add column submitted_description text,
    add column service_to_date date,
    add column remark_codes text;

alter table raw.x12_header
    add column created_hour text;

alter table raw.x12_level
    add column child_code text;

alter table raw.x12_party
    add column prefix text,
    add column related_entity_code text,
    add column address_2 text,
    add column country text,
    add column country_subdivision text,
    add column provider_code text;

alter table raw.x12_reference
    add column other_qualifier text,
    add column other_reference text,
    add column originator_id text;

alter table raw.x12_date
    add column format_code text,
    add column hour text,
    add column period text;

alter table raw.x12_amount
    add column credit_debit text;

alter table raw.x12_quantity
    add column unit_code text,
    add column category_code text;

alter table raw.x12_code
    add column date_format text,
    add column code_to_date date,
    add column quantity numeric(15, 3),
    add column version text,
    add column last_code text,
    add column category_code text,
    add column description text;

alter table raw.x12_attachment
    add column copies text,
    add column entity_code text,
    add column description text;

alter table raw.x12_adjudication
    add column procedure_description text;

alter table raw.x12_coverage
    add column coordination_code text,
    add column response_code text,
    add column employment_code text,
    add column student_code text,
    add column death_date date,
    add column weight_unit text,
    add column weight numeric(15, 3),
    add column pregnancy_code text,
    add column maintenance_code text,
    add column maintenance_reason_code text,
    add column benefit_status_code text,
    add column handicap_code text,
    add column birth_sequence text,
    add column benefits_assigned_code text,
    add column patient_signature_code text,
    add column release_code text;

alter table raw.x12_drug
    add column assigned_number text,
    add column unit_price numeric(18, 6);

alter table raw.x12_service
    add column modifier_1 text,
    add column modifier_2 text,
    add column modifier_3 text,
    add column modifier_4 text,
    add column procedure_description text,
    add column paid_units numeric(15, 3),
    add column unit_code text,
    add column facility_type_code text,
    add column diagnosis_pointers text,
    add column epsdt_code text,
    add column unit_rate numeric(18, 6),
    add column noncovered_amount numeric(14, 2),
    add column oral_cavity_codes text,
    add column prosthesis_code text;

alter table raw.x12_status
    add column code_list_1 text,
    add column payment_method text,
    add column check_date date,
    add column code_list_2 text,
    add column code_list_3 text,
    add column message text;

alter table raw.x12_benefit
    add column modifier_1 text,
    add column modifier_2 text,
    add column modifier_3 text,
    add column modifier_4 text,
    add column procedure_description text,
    add column diagnosis_pointers text;

alter table raw.x12_authorisation
    add column facility_code_qualifier text,
    add column related_cause_1 text,
    add column related_cause_2 text,
    add column related_cause_3 text,
    add column accident_state text,
    add column accident_country text,
    add column level_of_service text,
    add column health_condition_code text,
    add column prognosis_code text,
    add column delay_reason_code text,
    add column second_opinion_code text;

alter table raw.x12_adjudicated_amounts
    add column cost_report_days numeric(15, 3),
    add column capital_federal_amount numeric(14, 2),
    add column capital_hospital_amount numeric(14, 2),
    add column capital_disproportionate_share_amount numeric(14, 2),
    add column old_capital_amount numeric(14, 2),
    add column capital_education_amount numeric(14, 2),
    add column operating_hospital_amount numeric(14, 2),
    add column operating_federal_amount numeric(14, 2),
    add column capital_outlier_amount numeric(14, 2),
    add column capital_exception_amount numeric(14, 2),
    add column remark_code_1 text,
    add column remark_code_2 text,
    add column remark_code_3 text,
    add column remark_code_4 text,
    add column remark_code_5 text;

alter table raw.x12_provider_summary
    add column interim_claim_count numeric(15, 3),
    add column secondary_payer_amount numeric(14, 2),
    add column nonlaboratory_charge_amount numeric(14, 2),
    add column reportable_amount numeric(14, 2),
    add column payable_amount numeric(14, 2),
    add column professional_amount numeric(14, 2),
    add column secondary_patient_amount numeric(14, 2),
    add column patient_reimbursed_amount numeric(14, 2),
    add column interim_adjustment_amount numeric(14, 2),
    add column drg_amount numeric(14, 2),
    add column federal_amount numeric(14, 2),
    add column hospital_amount numeric(14, 2),
    add column disproportionate_share_amount numeric(14, 2),
    add column capital_amount numeric(14, 2),
    add column education_amount numeric(14, 2),
    add column day_outlier_amount numeric(14, 2),
    add column cost_outlier_amount numeric(14, 2),
    add column pass_through_amount numeric(14, 2),
    add column capital_federal_amount numeric(14, 2),
    add column capital_hospital_amount numeric(14, 2),
    add column capital_disproportionate_share_amount numeric(14, 2),
    add column outlier_days numeric(15, 3),
    add column average_stay numeric(18, 6),
    add column discharge_count numeric(15, 3),
    add column cost_report_days numeric(15, 3),
    add column covered_days numeric(15, 3),
    add column noncovered_days numeric(15, 3),
    add column average_weight numeric(18, 6);

alter table raw.x12_premium
    add column credit_debit text,
    add column payment_method text,
    add column payment_format text,
    add column originating_bank_id text,
    add column originating_account text,
    add column receiving_bank_id text,
    add column receiving_account text,
    add column assigned_number text,
    add column entity_code text,
    add column action_code text,
    add column discount_amount numeric(14, 2),
    add column quantity numeric(15, 3),
    add column unit_code text,
    add column unit_price numeric(18, 6);

alter table raw.x12_acknowledgement
    add column included_count numeric(15, 3),
    add column received_count numeric(15, 3),
    add column accepted_count numeric(15, 3),
    add column erring_component text,
    add column erring_repetition text,
    add column element_reference text,
    add column erring_value text,
    add column context text,
    add column acknowledged_date date,
    add column acknowledged_hour text;

-- A weight, share or rate is a number of up to six places.
alter table raw.remittance_claim
    alter column drg_weight type numeric(18, 6)
        using case when drg_weight ~ '^-?[0-9]{0,12}[.]?[0-9]{1,6}$'
        then drg_weight::numeric end,
    alter column discharge_fraction type numeric(18, 6)
        using case when discharge_fraction ~ '^-?[0-9]{0,12}[.]?[0-9]{1,6}$'
        then discharge_fraction::numeric end;
alter table raw.x12_benefit
    alter column fraction type numeric(18, 6);
alter table raw.x12_adjudicated_amounts
    alter column reimbursement_rate type numeric(18, 6);

-- Contacts: PER of a party, RDM of a payer that sends its advice elsewhere.
create table raw.x12_contact (
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
    function_code text,
    name text,
    qualifier_1 text,
    number_1 text,
    qualifier_2 text,
    number_2 text,
    qualifier_3 text,
    number_3 text,
    primary key (file_id, segment, repetition)
);

-- Currencies (CUR).
create table raw.x12_currency (
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
    currency_code text,
    exchange_rate numeric(18, 6),
    primary key (file_id, segment, repetition)
);

-- How often and for how long a service is or may be given (HSD).
create table raw.x12_delivery (
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
    quantity_qualifier text,
    quantity numeric(15, 3),
    unit_code text,
    sample_ratio numeric(18, 6),
    period_code text,
    period_count numeric(15, 3),
    pattern_code text,
    time_code text,
    primary key (file_id, segment, repetition)
);

-- Notes and messages in words (NTE, MSG, K3).
create table raw.x12_note (
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
    note text,
    primary key (file_id, segment, repetition)
);

-- Contracts under which a claim or line is priced (CN1).
create table raw.x12_contract (
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
    contract_type text,
    amount numeric(14, 2),
    percentage numeric(18, 6),
    contract_code text,
    discount_percentage numeric(18, 6),
    version text,
    primary key (file_id, segment, repetition)
);

-- Claims and lines as a third party priced them (HCP).
create table raw.x12_repricing (
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
    method_code text,
    allowed_amount numeric(14, 2),
    savings_amount numeric(14, 2),
    organization_id text,
    rate numeric(18, 6),
    group_code text,
    group_amount numeric(14, 2),
    revenue_code text,
    procedure_qualifier text,
    procedure_code text,
    unit_code text,
    units numeric(15, 3),
    reject_reason_code text,
    compliance_code text,
    exception_code text,
    primary key (file_id, segment, repetition)
);

-- Purchased services (PS1).
create table raw.x12_purchase (
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
    amount numeric(14, 2),
    state text,
    primary key (file_id, segment, repetition)
);

-- Teeth and surfaces (TOO), and the state of teeth (DN2).
create table raw.x12_tooth (
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
    tooth_code text,
    surface_1 text,
    surface_2 text,
    surface_3 text,
    surface_4 text,
    surface_5 text,
    status_code text,
    primary key (file_id, segment, repetition)
);

-- Orthodontic treatment (DN1).
create table raw.x12_orthodontics (
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
    treatment_months numeric(15, 3),
    remaining_months numeric(15, 3),
    response_code text,
    description text,
    primary key (file_id, segment, repetition)
);

-- Why transport or equipment is needed (CR1, CR3).
create table raw.x12_certification (
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
    weight_unit text,
    weight numeric(15, 3),
    transport_code text,
    reason_code text,
    distance_unit text,
    distance numeric(15, 3),
    description text,
    other_description text,
    certification_type text,
    period_unit text,
    period numeric(15, 3),
    primary key (file_id, segment, repetition)
);

-- Answers on a supporting form (FRM).
create table raw.x12_form_answer (
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
    question text,
    response_code text,
    answer text,
    answer_date date,
    percentage numeric(18, 6),
    primary key (file_id, segment, repetition)
);

grant select, insert on
    raw.x12_contact, raw.x12_currency, raw.x12_delivery, raw.x12_note,
    raw.x12_contract, raw.x12_repricing, raw.x12_purchase, raw.x12_tooth,
    raw.x12_orthodontics, raw.x12_certification, raw.x12_form_answer
    to :prefix_ingest;
grant select on
    raw.x12_contact, raw.x12_currency, raw.x12_delivery, raw.x12_note,
    raw.x12_contract, raw.x12_repricing, raw.x12_purchase, raw.x12_tooth,
    raw.x12_orthodontics, raw.x12_certification, raw.x12_form_answer
    to :prefix_transform;
