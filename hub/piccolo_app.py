"""The one Piccolo app: all tables of the hub, one linear history of migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

PACKAGE = Path(__file__).parent
# An installed wheel carries the migrations inside the package; a checkout has them beside it.
_CHECKOUT = PACKAGE.parent / "migrations"

APP_CONFIG = AppConfig(
    app_name="hub",
    migrations_folder_path=str(_CHECKOUT if _CHECKOUT.is_dir() else PACKAGE / "_migrations"),
    table_classes=table_finder(
        [
            "hub.audit",
            "hub.facts",
            "hub.files",
            "hub.idempotency",
            "hub.outbox",
            "hub.mail.tables",
            "hub.tenants.accounts.tables",
            "hub.tenants.calls.tables",
            "hub.tenants.calls.applications.tables",
            "hub.tenants.calls.selection.tables",
            "hub.tenants.exchange.tables",
            "hub.tenants.onboarding.tables",
            "hub.tenants.organisation.tables",
            "hub.tenants.people.tables",
            "hub.tenants.protocols.tables",
            "hub.tenants.tables",
            "hub.tenants.territory.tables",
            "hub.referrals.citizens.tables",
            "hub.referrals.cases.tables",
            "hub.referrals.course.tables",
            "hub.referrals.offers.tables",
            "hub.referrals.routing.tables",
            "hub.referrals.inbox.tables",
            "hub.newsletter.tables",
        ],
        exclude_imported=True,
    ),
)
