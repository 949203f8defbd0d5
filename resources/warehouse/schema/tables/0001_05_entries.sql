create table ledger.entry (
    entry_id bigint generated always as identity primary key,
    entity_code text not null,
    accounting_date date not null,
    approval_class text not null,
    generation integer not null check (generation >= 1),
    part integer not null check (part >= 1),
    state text not null default 'proposed' check (state in ('proposed', 'approved', 'sending',
        'posted', 'rejected', 'unknown', 'void')),
    -- the code of a rejection or of an unknown outcome
    state_reason text,
    build_id text not null references ops.build,
    content_hash text not null,
    erp_key text not null unique,
    -- given when sending; no gaps within an entity
    entry_no bigint,
    proposed_by text not null,
    proposed_at timestamptz not null,
    line_count integer not null check (line_count >= 2),
    -- the sum of its debits
    gross_amount numeric(14,2) not null check (gross_amount > 0),
    made_by_xid xid8 not null,
    constraint entry_entity_code_accounting_date_approval_class_generation_key unique (entity_code,
        accounting_date, approval_class, generation, part),
    unique (entity_code, entry_no)
);
create index entry_entity_code_proposed_at_idx on ledger.entry (entity_code, proposed_at);
create index entry_state_idx on ledger.entry (state);
create unique index one_open_proposal on ledger.entry (entity_code, accounting_date, approval_class,
    part) where state = 'proposed';

create table ledger.entry_line (
    entry_id bigint references ledger.entry,
    line_no integer check (line_no >= 1),
    rule text not null,
    account text not null,
    facility_code text,
    payer_class text,
    original_period date not null check (extract(day from original_period) = 1),
    debit_amount numeric(14,2) not null,
    credit_amount numeric(14,2) not null,
    -- Set on lines of an earlier period. Change of estimate, error and change of principle
    -- need a decision that nothing records yet: they are refused, not guessed.
    correction_class text check (correction_class in ('new_information', 'change_of_estimate',
        'error', 'change_of_principle')),
    check (debit_amount >= 0 and credit_amount >= 0
        and ((debit_amount > 0) <> (credit_amount > 0))),
    primary key (entry_id, line_no)
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
    signed_amount numeric(14,2) not null check (signed_amount <> 0),
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
create index entry_event_claim_key_idx on ledger.entry_event (claim_key);
create index entry_event_entity_code_original_date_left_idx on ledger.entry_event (entity_code,
    original_date, "left"(md5(event_id), 1));
create index entry_event_entry_id_line_no_idx on ledger.entry_event (entry_id, line_no);
create index entry_event_event_id_idx on ledger.entry_event (event_id);

create table ledger.approval (
    approval_id bigint generated always as identity primary key,
    entry_id bigint not null references ledger.entry,
    content_hash text not null,
    basis text not null check (basis in ('policy', 'person')),
    approver text not null,
    approved_at timestamptz not null,
    voided_at timestamptz,
    -- null: signed before policy was kept
    policy_id bigint references ledger.policy,
    policy_version text,
    limit_id text,
    delegation_id text,
    -- whose power it was: the signer's, or who delegated
    authority text,
    event_amount numeric(14,2),
    entry_amount numeric(14,2),
    account_day_amount numeric(18,2),
    foreign key (policy_id, limit_id) references ledger.policy_limit,
    foreign key (policy_id, delegation_id) references ledger.policy_delegation
);
create unique index one_authority_each on ledger.approval (entry_id, authority) where voided_at is
    null;
create unique index one_signature_each on ledger.approval (entry_id, approver) where voided_at is
    null;

create table ledger.refusal (
    refusal_id bigint generated always as identity primary key,
    entry_id bigint not null references ledger.entry,
    content_hash text not null,
    disposition text not null check (disposition <> ''),
    owner text not null check (owner <> ''),
    look_again date not null,
    refused_by text not null default SESSION_USER,
    refused_at timestamptz not null default clock_timestamp()
);
create index refusal_entry_id_idx on ledger.refusal (entry_id);

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

create table ledger.correction_decision (
    decision_id bigint generated always as identity primary key,
    entity_code text not null,
    original_period date not null check (extract(day from original_period) = 1),
    rule text not null,
    correction_class text not null check (correction_class in ('new_information',
        'change_of_estimate', 'error', 'change_of_principle')),
    reason text not null check (reason <> ''),
    decided_by text not null,
    decided_at timestamptz not null
);
create index correction_decision_entity_code_original_period_rule_idx on ledger.correction_decision
    (entity_code, original_period, rule);

-- Derived, and proven by verify_recorded; the events of recorded entries stay the truth.
create table ledger.recorded_digest (
    entity_code text,
    original_date date,
    slot text,
    digest_high numeric(48,2) not null,
    digest_low numeric(48,2) not null,
    primary key (entity_code, original_date, slot)
);

create table ledger.restatement_order (
    order_id bigint generated always as identity primary key,
    what_if_hash text not null check (what_if_hash ~ '^[0-9a-f]{64}$'),
    rules text[] not null check (cardinality(rules) > 0),
    reason text not null check (length(btrim(reason)) >= 10 and length(btrim(reason)) <= 500),
    content_hash text not null,
    asked_by text not null,
    asked_at timestamptz not null
);

create table ledger.restatement_act (
    -- decided once
    order_id bigint primary key references ledger.restatement_order,
    act text not null check (act in ('approved', 'refused')),
    content_hash text not null,
    reason text,
    actor text not null,
    acted_at timestamptz not null
);

-- What an order let through when its hash was met. It holds for the event as it was recorded then:
-- once something of it is recorded anew, another change of the rule needs another order.
create table ledger.restatement_event (
    order_id bigint not null references ledger.restatement_order,
    event_id text,
    rule text not null,
    from_version text not null,
    to_version text,
    after_entry_id bigint,
    primary key (event_id, after_entry_id, to_version)
);
create index restatement_event_order_id_idx on ledger.restatement_event (order_id);

-- Derived: what the newest proposal left out, as the journal difference that an order is about.
create table ledger.restatement_hold (
    entity_code text,
    account text,
    -- YYYY-MM of the events
    period text,
    event text,
    rule text,
    amount numeric(14,2) not null check (amount <> 0),
    primary key (entity_code, account, period, event, rule)
);

-- Of the build that proposed the entry, which is not the one that it is stamped with later. Entries
-- of before, and of a build that did not say, have no row.
create table ledger.entry_provenance (
    entry_id bigint primary key references ledger.entry,
    build_id text not null references ops.build,
    rule_set_hash text not null,
    code_hash text not null
);
create index entry_provenance_rule_set_hash_code_hash_idx on ledger.entry_provenance (rule_set_hash,
    code_hash);

-- The inputs of a calculation that the books follow: rules, code and as-of date of the newest
-- build whose effect on recorded evidence was explained, within the bound, or signed.
create table ledger.accepted_inputs (
    accepted_id bigint generated always as identity primary key,
    build_id text not null references ops.build,
    rule_set_hash text,
    code_hash text,
    as_of_date date not null,
    known_at timestamptz not null,
    accepted_at timestamptz not null default clock_timestamp()
);

-- What changed inputs took back or added for known evidence of an entity, within the bound.
create table ledger.unexplained_change (
    build_id text references ops.build,
    entity_code text,
    amount numeric(14,2) not null check (amount > 0),
    made_at timestamptz not null default clock_timestamp(),
    primary key (build_id, entity_code)
);
