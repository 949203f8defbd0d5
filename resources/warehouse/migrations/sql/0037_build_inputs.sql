-- A run that finds the newest good build current builds nothing: it names that build and ends.
alter table ops.build
    add column current_build_id text references ops.build,
    drop constraint build_status_check,
    add constraint build_status_check
        check (status in ('running', 'succeeded', 'failed', 'unchanged')),
    add constraint build_is_current_check
        check ((status = 'unchanged') = (current_build_id is not null));

-- What a build was made from, and the state in which it left the tables that it made: both must be
-- the same for it to be current. Names of tables and hashes, no value of a row.
create table ops.build_input (
    build_id text primary key references ops.build,
    inputs jsonb not null,
    relations jsonb not null,
    kept_at timestamptz not null default clock_timestamp()
);
create trigger keep before update or delete or truncate on ops.build_input
    for each statement execute function ops.refuse_change();

grant select, insert on ops.build_input to :prefix_transform;
grant select on ops.build_input to :prefix_ingest, :prefix_preparer, :prefix_approver,
    :prefix_poster, :prefix_auditor;
