"""What departs from the rules of design §4, each with its reason. A table that is not named here follows them all."""

from __future__ import annotations

# Tables without a tenant, readable by every role without one.
DIRECTORY = {"regions", "provinces", "municipalities", "tenants", "privacy_notices", "postal_codes"}

# Tables without a tenant that only the network role may touch: who signs in is not yet in any organisation.
NETWORK_ONLY = {"accounts", "sessions", "sign_in_attempts", "second_factors", "recovery_codes"}

# The same for the relay role: what workers keep about themselves.
RELAY_ONLY = {"mail_workers", "mail_pace"}

# Piccolo's own table of what was migrated; no working role has anything to do there.
UNTOUCHED = {"migration"}

# A tenant's rows that everyone may read: where desks are and what services are offered is public.
TENANT_DIRECTORY = {"desks", "desk_closures", "closing_days", "services_offered"}

# The directory's own table of organisations: a row is the tenant's whose id it has.
TENANT_SELF = {"tenants"}

# Rows that a role sees only in part: the Ente reads how an organisation came on board, and nothing else of its log.
PARTIAL = {("audit_log", "hub_network", "select"): "(subject_kind = 'organisation'::text)"}

# Rows that may belong to the network itself.
WITHOUT_TENANT_TOO = {
    "outbox": "mail to an account that is in no organisation",
    "audit_log": "signing in",
}

# Indexes of tenant tables that do not begin with the tenant, beside the uuid primary keys.
OTHER_INDEXES = {
    "campaigns_running": "the relay asks whose turn it is",
    "desks_municipality": "the public finds desks by place",
    "desks_postal_code": "the public finds desks by place",
    "desks_region": "the public finds desks by place",
    "memberships_account": "signing in finds a person's organisations",
    "memberships_expiry": "the worker ends what was for a time",
    "outbox_done": "the relay forgets what is done",
    "outbox_due": "the relay looks for what is due",
    "protocols_organisation": "an organisation finds the protocol that the Ente keeps",
    "received_offers_referral": "the router follows a sender's referral to its receivers",
    "setups_state": "the Ente lists whoever is coming on board",
}

# The column that stands for the tenant in a key to another tenant's rows, where the two hold different halves.
SENDER_COLUMNS = {"received_offers": "sender_id"}
