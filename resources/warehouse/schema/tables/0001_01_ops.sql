create table ops.installation (
    only_row boolean default true primary key check (only_row),
    as_of_date date not null,
    default_entity_code text not null,
    default_facility_code text not null,
    updated_at timestamptz not null default now(),
    -- The as-of date moves on with what is received, and never back by itself.
    asked_as_of_date date,
    -- of the key of the keyed hashes, which is kept outside of the database
    hash_key_fingerprint text
);

create table ops.entity (
    entity_code text primary key,
    name text not null,
    tin text,
    accounting_basis text not null default 'ASC606' check (accounting_basis in ('ASC606', 'GASB')),
    charge_source text not null default 'auto' check (charge_source in ('auto', 'charge_feed',
        'claims')),
    reserve_method text not null default 'rate_by_age' check (reserve_method in ('rate_by_age',
        'expected_yield'))
);

create table ops.facility (
    facility_code text primary key,
    entity_code text not null references ops.entity,
    name text not null
);

create table ops.provider (
    -- an NPI
    provider_id text primary key,
    facility_code text not null references ops.facility
);

create table ops.bank_account (
    bank_account text primary key,
    entity_code text not null references ops.entity
);

create table ops.received_file (
    file_id uuid primary key,
    sha256 text not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
    -- clearinghouse, bank, ehr, payments
    source text not null,
    name text not null,
    -- x12, bai2, nacha, fhir_ndjson, card_list, unknown
    kind text not null,
    size_bytes bigint not null,
    received_at timestamptz not null,
    landed_at timestamptz,
    outcome text not null default 'archived' check (outcome in ('archived', 'landed', 'exception')),
    record_count integer not null default 0,
    segment_count integer not null default 0,
    is_reserialised boolean not null default false,
    reason_code text,
    -- a receipt is named by its bytes
    constraint received_file_id_is_its_hash check (
        replace(file_id::text, '-', '') = left(sha256, 32))
);
create index received_file_landed_at_idx on ops.received_file (landed_at);
create index received_file_source_received_at_idx on ops.received_file (source, received_at desc);

-- Every time a name was seen. A second name for the same content is a duplicate of the first.
create table ops.file_sighting (
    sighting_id bigint generated always as identity primary key,
    file_id uuid references ops.received_file,
    source text not null,
    -- folder, URL path or list window, no secrets
    location text not null,
    name text not null,
    size_bytes bigint not null,
    modified_at timestamptz,
    seen_at timestamptz not null,
    outcome text not null check (outcome in ('taken', 'duplicate', 'waiting', 'failed')),
    reason_code text,
    -- of a remote file that was seen and not taken
    first_seen_at timestamptz not null,
    unique nulls not distinct (source, location, name, size_bytes, modified_at)
);
create index file_sighting_source_size_bytes_modified_at_idx on ops.file_sighting (source,
    size_bytes, modified_at) where outcome in ('taken', 'duplicate');

-- Where an API source stands: a hint for the next fetch, not evidence.
create table ops.fetch_mark (
    source text,
    name text,
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
    -- names file position and rule, never a value
    message text not null,
    amount numeric(14,2),
    entity_code text,
    origin text not null check (origin in ('receiving', 'parsing', 'build', 'erp')),
    opened_at timestamptz not null,
    closed_at timestamptz,
    closed_reason text,
    sighting_id bigint references ops.file_sighting,
    check ((closed_at is null) = (closed_reason is null))
);
create index exception_file_id_idx on ops.exception (file_id);
create index exception_sighting_id_idx on ops.exception (sighting_id) where sighting_id is not null;

create table ops.build (
    build_id text primary key,
    as_of_date date not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    status text not null default 'running' check (status in ('running', 'succeeded', 'failed',
        'unchanged')),
    rule_set_hash text check (rule_set_hash ~ '^[0-9a-f]{64}$'),
    code_hash text check (code_hash ~ '^[0-9a-f]{64}$'),
    current_build_id text references ops.build,
    check ((rule_set_hash is null) = (code_hash is null)),
    constraint build_is_current_check check ((status = 'unchanged') = (current_build_id is not
        null))
);

create table ops.expected_check (
    check_id text primary key,
    kind text not null check (kind in ('dbt_test', 'expectation', 'tie_out', 'model')),
    severity text not null check (severity in ('error', 'warning')),
    is_blocking boolean not null
);

-- Each deployment of the checks that every build must report, with the code that it belongs to.
create table ops.check_deployment (
    deployment_id bigint generated always as identity primary key,
    code_hash text,
    check_count integer not null,
    content_hash text not null,
    deployed_by text not null,
    deployed_at timestamptz not null
);

-- How a check came out. A check that ran again has another row; it passed when all passed.
create table ops.check_result (
    result_id bigint generated always as identity primary key,
    build_id text not null references ops.build,
    check_id text not null,
    kind text not null,
    severity text not null,
    is_blocking boolean not null,
    has_passed boolean not null,
    left_amount numeric(18,2),
    right_amount numeric(18,2),
    difference numeric(18,2),
    failing_count bigint,
    recorded_at timestamptz not null default clock_timestamp()
);
create index check_result_build_id_check_id_idx on ops.check_result (build_id, check_id);

create table ops.certificate (
    build_id text primary key references ops.build,
    passes boolean not null,
    check_count integer not null,
    failed_count integer not null,
    missing_count integer not null,
    -- the checks that were expected when it was issued
    expected_count integer not null,
    expected_hash text not null,
    -- the desired lines that it speaks of
    lines_digest text not null,
    content_hash text not null,
    issued_at timestamptz not null default clock_timestamp(),
    issued_by text not null default SESSION_USER,
    voided_at timestamptz,
    void_reason text
);

-- The rows as they were when the certificate was issued: later builds expect other checks.
create table ops.certificate_row (
    build_id text references ops.certificate deferrable initially deferred,
    check_id text,
    kind text not null,
    severity text not null,
    blocking boolean not null,
    status text not null check (status in ('passed', 'failed', 'missing')),
    left_amount numeric(18,2),
    right_amount numeric(18,2),
    difference numeric(18,2),
    failing_count bigint,
    primary key (build_id, check_id)
);

-- What a reason means, in the words that a person reads; never with a value of a document.
create table ops.reason_code (
    code text primary key,
    rule text not null,
    message text not null
);

-- What watching remembers: the newest look at each source, and one row per condition to tell of.
create table ops.source_status (
    source text primary key,
    looked_at timestamptz not null,
    outcome text not null check (outcome in ('ok', 'failed', 'not_set_up')),
    -- why it failed
    code text,
    files_waiting integer not null default 0,
    failing_since timestamptz,
    last_ok_at timestamptz,
    check ((outcome = 'failed') = (failing_since is not null))
);

create table ops.alert (
    alert_id bigint generated always as identity primary key,
    kind text not null,
    -- a source, a job or an entity; never a person
    subject text not null,
    severity text not null check (severity in ('error', 'warning')),
    message text not null,
    -- where the runbook says what to do
    advice text not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    -- when a sink had taken it
    webhook_at timestamptz,
    email_at timestamptz
);
create unique index alert_kind_subject_idx on ops.alert (kind, subject) where closed_at is null;

-- A trigger with a key starts one run, however often and from wherever it is repeated.
create table ops.trigger (
    key text primary key check (length(key) >= 1 and length(key) <= 200),
    job text not null,
    run_id text not null unique,
    requested_at timestamptz not null
);

-- Replay: a file is read again from the archive and its rows are replaced, in one transaction, when
-- they come out differently. Each replacement is kept with what was there before and after.
create table ops.replay (
    replay_id bigint generated always as identity primary key,
    file_id uuid not null references ops.received_file,
    run_id text not null,
    actor text not null default SESSION_USER,
    replayed_at timestamptz not null default clock_timestamp(),
    rows_before bigint not null,
    checksum_before text not null,
    rows_after bigint,
    checksum_after text
);
create index replay_file_id_idx on ops.replay (file_id);
create index replay_replayed_at_idx on ops.replay (replayed_at);

-- What a build was made from, and the state in which it left the tables that it made: both must be
-- the same for it to be current. Names of tables and hashes, no value of a row.
create table ops.build_input (
    build_id text primary key references ops.build,
    inputs jsonb not null,
    relations jsonb not null,
    kept_at timestamptz not null default clock_timestamp()
);
