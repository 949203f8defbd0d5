"""Which file moves where, by name. No code here; what is missing in a checkout is skipped."""

# folder: {old file: new name in the folder}. Old files are paths from the root of the checkout.
FOLDERS: dict[str, dict[str, str]] = {
    "billing/x12/wire": {
        f"billing/x12/{name}.py": f"{name}.py"
        for name in (
            "source", "delimiters", "framing", "segments", "index", "content", "excerpt",
        )
    },
    "billing/x12/elements": {
        "billing/x12/values.py": "values.py",
        "billing/x12/rates.py": "rates.py",
    },
    "billing/x12/structure": {
        f"billing/x12/{name}.py": f"{name}.py"
        for name in ("envelope", "loops", "loop_ids", "document", "portions")
    },
    "billing/x12/transactions": {
        f"billing/x12/{name}.py": f"{name}.py"
        for name in (
            "arrays", "kept", "repeats", "remittance", "remittance_header", "remittance_checks",
            "payment_sums", "claims", "claim_lines", "coordination", "carried",
        )
    },
    "assets": {"assets/receiving.py": "source_files.py"},
    "sensors": {"sensors/behind.py": "catch_up.py"},
    "orchestration/commands": {
        "orchestration/acting.py": "login.py",
        "orchestration/status.py": "status.py",
        "orchestration/exceptions.py": "exceptions.py",
        "orchestration/check_config.py": "check_config.py",
        "orchestration/x12_commands.py": "x12.py",
        "orchestration/opening_command.py": "opening.py",
        "orchestration/replay.py": "replay.py",
    },
    "orchestration/commands/approve": {
        "orchestration/approve_command.py": "command.py",
        "orchestration/approve.py": "page.py",
    },
    "orchestration/commands/audit": {
        "orchestration/audit_commands.py": "command.py",
        **{
            f"orchestration/audit_{name}.py": f"{name}.py"
            for name in (
                "access", "completeness", "entries", "foreign", "reconcile", "recoupments",
                "releases", "schema",
            )
        },
    },
    "orchestration/commands/estimate": {
        "orchestration/estimate_command.py": "command.py",
        "orchestration/estimates.py": "page.py",
    },
    "orchestration/commands/evidence": {
        "orchestration/evidence_commands.py": "command.py",
        "orchestration/evidence.py": "pack.py",
    },
    "orchestration/commands/period": {"orchestration/period.py": "page.py"},
    "orchestration/commands/policy": {
        "orchestration/policy.py": "check.py",
        "orchestration/what_if.py": "what_if.py",
        "orchestration/release_commands.py": "release.py",
        "orchestration/restate_commands.py": "restate.py",
    },
    "orchestration/commands/prove": {
        "orchestration/prove_command.py": "command.py",
        "orchestration/prove.py": "prove.py",
        "orchestration/prove_archive.py": "archive.py",
        "orchestration/prove_erp.py": "erp.py",
        "orchestration/prove_names.py": "names.py",
        "orchestration/prove_sides.py": "sides.py",
        "orchestration/prove_watch.py": "watch.py",
        "orchestration/prove_books.py": "books.py",
        "orchestration/proof.py": "proof.py",
        "orchestration/reading.py": "reading.py",
        "orchestration/rebuild.py": "rebuild.py",
    },
    "orchestration/commands/request": {
        "orchestration/request_commands.py": "command.py",
        "orchestration/request_page.py": "page.py",
    },
    "orchestration/commands/run": {
        "orchestration/run.py": "run.py",
        "orchestration/execute.py": "execute.py",
        "orchestration/trigger.py": "trigger.py",
        "orchestration/report.py": "report.py",
        "orchestration/deploy_checks.py": "deploy_checks.py",
    },
    "orchestration/commands/trace": {
        "orchestration/trace.py": "trace.py",
        "orchestration/trace_requests.py": "requests.py",
        "orchestration/excerpts.py": "excerpts.py",
    },
    "orchestration/installation": {
        "orchestration/state.py": "state.py",
        "orchestration/processes.py": "processes.py",
        "orchestration/databases.py": "databases.py",
        "orchestration/launcher.py": "launcher.py",
        "orchestration/own_sources.py": "own_sources.py",
        "orchestration/dagster_instance.py": "dagster_instance.py",
        "orchestration/dagster.yaml.template": "dagster.yaml.template",
        "orchestration/commands.py": "users.py",
        "orchestration/erp.py": "erp_server.py",
        "orchestration/outside.py": "sandbox_server.py",
        "orchestration/living.py": "up_record.py",
        "orchestration/schema_check.py": "schema_check.py",
    },
    "orchestration/supervisor": {
        "orchestration/up.py": "up.py",
        "orchestration/parts.py": "parts.py",
        "orchestration/keeper.py": "keeper.py",
        "orchestration/upkeep.py": "upkeep.py",
        "orchestration/probes.py": "probes.py",
        "orchestration/screen.py": "screen.py",
        "orchestration/news.py": "activity.py",
        "orchestration/logs.py": "logs.py",
    },
    "orchestration/terminal": {
        "orchestration/tables.py": "tables.py",
        "orchestration/progress.py": "progress.py",
        "orchestration/errors.py": "errors.py",
    },
    "resources/archive": {
        "resources/archive.py": "store.py",
        "resources/attachments.py": "attachments.py",
        "resources/anchors.py": "anchors.py",
        "resources/anchor_file.py": "anchor_file.py",
    },
    "resources/environment": {
        "resources/environment.py": "variables.py",
        "resources/environment_section.py": "section.py",
    },
    "resources/erp": {
        "resources/erp_settings.py": "settings.py",
        "resources/erp_choice.py": "choice.py",
        "resources/outbox.py": "outbox.py",
        "resources/doubts.py": "doubts.py",
        "resources/unanswered.py": "unanswered.py",
        "resources/mirror.py": "mirror.py",
    },
    "resources/evidence": {
        "resources/evidence_pack.py": "pack.py",
        "resources/evidence_place.py": "place.py",
        "resources/warehouse/evidence.py": "tables.py",
        "resources/warehouse/evidence_sql": "sql",
        "resources/warehouse/access.py": "access.py",
        "resources/warehouse/living_tables.py": "living_tables.py",
        "resources/warehouse/verification.py": "verification.py",
    },
    "resources/runtime": {
        "resources/dagster_resources.py": "resources.py",
        "resources/dagster_runs.py": "runs.py",
        "resources/dagster_storage.py": "storage.py",
        "resources/dbt_runner.py": "dbt_runner.py",
        "resources/dbt_manifest.py": "dbt_manifest.py",
        "resources/dbt_nodes.py": "dbt_nodes.py",
        "resources/model_rules.py": "model_rules.py",
        "resources/job_lock.py": "job_lock.py",
        "resources/alert_sinks.py": "alert_sinks.py",
        "resources/allowed_runs.py": "allowed_runs.py",
    },
    "resources/sources": {
        "resources/bank.py": "bank.py",
        "resources/clearinghouse.py": "clearinghouse.py",
        "resources/payments.py": "payments.py",
        "resources/ehr.py": "ehr.py",
        "resources/smart.py": "smart.py",
        "resources/http.py": "http.py",
        "resources/receipt.py": "receipt.py",
    },
    "resources/sources/sftp": {
        "resources/sftp.py": "pickup.py",
        "resources/sftp_ahead.py": "ahead.py",
        "resources/sftp_connection.py": "connection.py",
        "resources/sftp_settings.py": "settings.py",
        "resources/sftp_watch.py": "watch.py",
    },
    "resources/warehouse/control": {
        "resources/warehouse/builds.py": "builds.py",
        "resources/warehouse/build_inputs.py": "build_inputs.py",
        "resources/warehouse/handover.py": "handover.py",
        "resources/warehouse/tie_outs.py": "tie_outs.py",
        "resources/warehouse/tie_out_sql": "tie_out_sql",
        "resources/warehouse/alerts.py": "alerts.py",
        "resources/warehouse/triggers.py": "triggers.py",
    },
    "resources/warehouse/ledger": {
        "resources/warehouse/ledger.py": "entries.py",
        **{
            f"resources/warehouse/{name}.py": f"{name}.py"
            for name in (
                "sending", "holds", "periods", "requests", "openings", "estimates",
                "restatements", "releases", "reviews", "entry_tests", "read_back",
                "governance_load",
            )
        },
    },
    "resources/warehouse/receiving": {
        "resources/warehouse/receiving.py": "receiving.py",
        "resources/warehouse/landing.py": "landing.py",
        "resources/warehouse/sightings.py": "sightings.py",
        "resources/warehouse/looks.py": "source_status.py",
        "resources/warehouse/source_status.py": "source_status.py",
        "resources/warehouse/replaying.py": "replaying.py",
        "resources/warehouse/completeness.py": "completeness.py",
    },
    "resources/warehouse/server": {
        "resources/warehouse/embedded.py": "embedded.py",
        "resources/warehouse/postgres_place.py": "data_folder.py",
        "resources/warehouse/database.py": "database.py",
        "resources/warehouse/kept.py": "kept_connections.py",
        "resources/warehouse/raw_rows.py": "raw_rows.py",
    },
}
# Modules that no table names go by the beginning of their name, which their new name loses.
PREFIXES = {
    "orchestration/audit_": "orchestration/commands/audit/",
    "orchestration/estimate_": "orchestration/commands/estimate/",
    "orchestration/evidence_": "orchestration/commands/evidence/",
    "orchestration/period_": "orchestration/commands/period/",
    "orchestration/policy_": "orchestration/commands/policy/",
    "orchestration/prove_": "orchestration/commands/prove/",
    "orchestration/request_": "orchestration/commands/request/",
    "orchestration/trace_": "orchestration/commands/trace/",
    "resources/evidence_": "resources/evidence/",
    "resources/sftp_": "resources/sources/sftp/",
    "resources/dagster_": "resources/runtime/",
}

# One package for each ERP: files `<erp>_<name>` become `<erp>/<name>`, and `<erp>.py` the ledger.
ERPS = (
    "business_central", "dynamics_finance", "journal_file", "netsuite", "sap_s4", "tryton",
)
ERP_FOLDER = "resources/erp"

# Modules whose new name is the better word: it is used in the code, instead of an alias.
WORDS = {
    "activity", "source_status", "sandbox_server", "up_record", "data_folder", "erp_server",
    "users", "source_files", "catch_up", "kept_connections",
}

# One way to call the module of a command that is mounted.
BETTER_ALIASES = {
    "audit_commands": "audit_command", "evidence_commands": "evidence_command",
    "request_commands": "request_command", "x12_commands": "x12_command",
    "release_commands": "release", "restate_commands": "restate",
}

USE, REFERENCE, WHY = "docs/use", "docs/reference", "docs/why"
# Pages whose place is not told by their name; a page that is not here stays and is reported.
DOCS = {
    "docs/runbook.md": USE, "docs/own_sources.md": USE, "docs/schedulers.md": USE,
    "docs/requests.md": USE, "docs/limits-and-closes.md": USE, "docs/estimates.md": USE,
    "docs/evidence-pack.md": USE, "docs/audit-topics.md": USE, "docs/privacy.md": USE,
    "docs/x12.md": REFERENCE, "docs/data_contract.md": REFERENCE, "docs/glossary.md": REFERENCE,
    "docs/posting-rules.md": REFERENCE, "docs/posting.md": REFERENCE,
    "docs/architecture.md": WHY, "docs/scale-ledger.md": WHY,
}
DOC_FOLDERS = {"docs/erp": "docs/reference/erp", "docs/decisions": "docs/why/decisions"}

# Folder names that stand in code and text as words of their own.
WORDS_OF_FOLDERS = {
    "evidence_sql": "sql", "tryton_scripts": "scripts",
    "sap_s4_request.xsd": "request.xsd", "sap_s4_confirmation.xsd": "confirmation.xsd",
}
# Only in these files (by their old path or its beginning), since elsewhere they may mean others.
WORDS_OF_FOLDERS_IN = (
    "resources/warehouse/evidence.py", "resources/erp/tryton", "resources/erp/sap_s4",
    "tests/warehouse/test_evidence_pack.py", "tests/interfaces/test_erp_sap_s4",
)
# Packages by dotted name, where `files("...")` asks for data beside a module.
DATA_PACKAGES = {"resources/erp/sap_s4_schema.py": ("resources.erp", "resources.erp.sap_s4")}
