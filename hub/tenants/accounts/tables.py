"""Accounts and sessions belong to the network; memberships to their organisation."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Boolean, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class Account(Table, tablename="accounts"):
    id = UUIDColumn(primary_key=True)
    email = Text()
    password_hash = Text()
    name = Text()
    locale = Text()
    state = Text()
    created_at = Timestamptz()
    version = Integer()


class Membership(Table, tablename="memberships"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    account_id = UUIDColumn()
    role = Text()
    name = Text()
    state = Text()
    limited_to_desks = Boolean()
    created_at = Timestamptz()
    ended_at = Timestamptz(null=True)


class MembershipDesk(Table, tablename="membership_desks"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    membership_id = UUIDColumn()
    desk_id = UUIDColumn()


class Session(Table, tablename="sessions"):
    id = UUIDColumn(primary_key=True)
    secret_hash = Bytea()
    account_id = UUIDColumn()
    membership_id = UUIDColumn(null=True)
    created_at = Timestamptz()
    last_seen_at = Timestamptz()
    expires_at = Timestamptz()


class SignInAttempt(Table, tablename="sign_in_attempts"):
    id = UUIDColumn(primary_key=True)
    subject = Bytea()
    attempted_at = Timestamptz()
