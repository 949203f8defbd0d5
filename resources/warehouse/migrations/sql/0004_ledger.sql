-- The ledger: what was proposed, approved, sent and posted. Nothing here names a patient.
create schema ledger;

create table ledger.installation (
    only_row boolean primary key default true check (only_row),
    installation_id uuid not null default gen_random_uuid(),
    entry_lines integer not null default 10000 check (entry_lines > 1)   -- of one ERP document
);
insert into ledger.installation default values;

-- Policy, loaded from governance/ by the administrator.
create table ledger.account (
    account text primary key,
    name text not null,
    account_type text not null,
    normal_side text not null check (normal_side in ('D', 'C')),
    reaches_erp boolean not null
);
create table ledger.approval_class (
    approval_class text primary key,
    basis text not null check (basis in ('policy', 'person')),
    signatures integer not null check (signatures >= 1)
);
create table ledger.approval_limit (
    basis text primary key check (basis in ('policy', 'person')),
    event_amount numeric(14, 2) check (event_amount > 0),          -- null: no limit
    entry_amount numeric(14, 2) check (entry_amount > 0),
    account_day_amount numeric(14, 2) check (account_day_amount > 0)
);

-- The stricter of both statuses counts. A period that the ERP never told us of is not open.
create table ledger.period (
    entity_code text not null,
    period_start date not null,
    period_end date not null,
    own_status text not null default 'open' check (own_status in ('open', 'closed')),
    erp_status text not null check (erp_status in ('open', 'closed')),
    erp_period_ref text,
    mirrored_at timestamptz not null default clock_timestamp(),
    primary key (entity_code, period_start),
    check (period_start <= period_end)
);
-- Time enters a rule only as a recorded cut-off, so that a replay sees the same clock.
create table ledger.cutoff (
    entity_code text not null,
    cutoff_date date not null,
    known_at_watermark timestamptz not null,
    recorded_by text not null default session_user,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (entity_code, cutoff_date)
);

create table ledger.transition (
    from_state text not null,
    to_state text not null,
    primary key (from_state, to_state)
);
insert into ledger.transition values
('proposed', 'approved'), ('proposed', 'void'), ('approved', 'sending'),
('sending', 'posted'), ('sending', 'rejected'), ('sending', 'unknown'),
('unknown', 'posted'), ('rejected', 'void');

create table ledger.entry (
    entry_id bigint generated always as identity primary key,
    entity_code text not null,
    accounting_date date not null,
    approval_class text not null,
    generation integer not null check (generation >= 1),
    part integer not null check (part >= 1),
    state text not null default 'proposed' check (state in
        ('proposed', 'approved', 'sending', 'posted', 'rejected', 'unknown', 'void')),
    state_reason text,                        -- the code of a rejection or of an unknown outcome
    build_id text not null references ops.build,
    content_hash text not null,
    erp_key text not null unique,
    entry_no bigint,                          -- given when sending; no gaps within an entity
    proposed_by text not null,
    proposed_at timestamptz not null,
    line_count integer not null check (line_count >= 2),
    gross_amount numeric(14, 2) not null check (gross_amount > 0),   -- the sum of its debits
    made_by_xid xid8 not null,
    unique (entity_code, accounting_date, approval_class, generation, part),
    unique (entity_code, entry_no)
);
create unique index one_open_proposal on ledger.entry
    (entity_code, accounting_date, approval_class, part) where state in ('proposed', 'rejected');
create index on ledger.entry (state);

create table ledger.entry_line (
    entry_id bigint not null references ledger.entry,
    line_no integer not null check (line_no >= 1),
    rule text not null,
    account text not null,
    facility_code text,
    payer_class text,
    original_period date not null check (extract(day from original_period) = 1),
    debit_amount numeric(14, 2) not null,
    credit_amount numeric(14, 2) not null,
    -- Set on lines of an earlier period. Change of estimate, error and change of principle
    -- need a decision that nothing records yet: they are refused, not guessed.
    correction_class text check (correction_class = 'new_information'),
    primary key (entry_id, line_no),
    check (debit_amount >= 0 and credit_amount >= 0
           and (debit_amount > 0) <> (credit_amount > 0))
);

-- The evidence of each line, copied: dbt may rebuild its table, what was approved stays.
create table ledger.entry_event (
    entry_id bigint not null,
    line_no integer not null,
    line_id text not null,
    event_id text not null,
    event text not null,
    rule text not null,
    rule_version text not null,
    account text not null,
    signed_amount numeric(14, 2) not null check (signed_amount <> 0),
    entity_code text not null,
    facility_code text,
    payer_class text,
    claim_key text,
    account_key text,
    control_key text,
    original_date date not null,
    evidence_hash text not null,
    file_id uuid,
    segment integer,
    known_at timestamptz
);
create index on ledger.entry_event (entry_id, line_no);
create index on ledger.entry_event (event_id);
create index on ledger.entry_event (claim_key);

create table ledger.approval (
    approval_id bigint generated always as identity primary key,
    entry_id bigint not null references ledger.entry,
    content_hash text not null,
    basis text not null check (basis in ('policy', 'person')),
    approver text not null,
    approved_at timestamptz not null,
    voided_at timestamptz
);
create unique index one_signature_each on ledger.approval (entry_id, approver)
    where voided_at is null;

create table ledger.refusal (
    refusal_id bigint generated always as identity primary key,
    entry_id bigint not null references ledger.entry,
    content_hash text not null,
    disposition text not null check (disposition <> ''),
    owner text not null check (owner <> ''),
    look_again date not null,
    refused_by text not null default session_user,
    refused_at timestamptz not null default clock_timestamp()
);
create index on ledger.refusal (entry_id);

-- Why policy did not approve; written whenever policy looks.
create table ledger.limit_finding (
    entry_id bigint primary key references ledger.entry,
    detail text not null,
    found_at timestamptz not null default clock_timestamp()
);
create table ledger.entry_number (
    entity_code text primary key,
    last_no bigint not null
);

create table ledger.erp_document (
    entry_id bigint primary key references ledger.entry,
    erp text not null,
    document_ref text not null,
    document_number text,
    state text not null,
    posted_on date,
    read_at timestamptz not null,
    matches boolean not null,                 -- line by line, as the ERP gave it back
    unique (erp, document_ref)
);
create table ledger.erp_document_line (
    entry_id bigint not null references ledger.erp_document,
    line_no integer not null,
    account text not null,
    debit_amount numeric(14, 2) not null,
    credit_amount numeric(14, 2) not null,
    description text,
    primary key (entry_id, line_no)
);
create table ledger.erp_balance (             -- the newest that the ERP reported
    entity_code text not null,
    account text not null,
    balance_amount numeric(14, 2) not null,   -- debit positive
    as_of_date date not null,
    read_at timestamptz not null,
    primary key (entity_code, account)
);

create table ledger.audit (
    seq bigint primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    entry_id bigint,
    from_state text,
    to_state text,
    detail jsonb not null,
    prev_hash text not null,
    hash text not null
);
create index on ledger.audit (entry_id);
create table ledger.audit_head (
    only_row boolean primary key default true check (only_row),
    seq bigint not null,
    hash text not null
);
insert into ledger.audit_head (seq, hash) values (0, repeat('0', 64));
