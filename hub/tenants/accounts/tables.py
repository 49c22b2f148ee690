"""Accounts and sessions belong to the network; memberships to their organisation."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Boolean, Bytea, Integer, Text, Timestamptz
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
    expires_at = Timestamptz(null=True)
    expiry_told_at = Timestamptz(null=True)
    support = Boolean()


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
    second_factor_at = Timestamptz(null=True)
    agent = Text()


class SecondFactor(Table, tablename="second_factors"):
    id = UUIDColumn(primary_key=True)
    account_id = UUIDColumn()
    secret = Bytea()
    created_at = Timestamptz()
    confirmed_at = Timestamptz(null=True)
    last_step = BigInt(null=True)


class RecoveryCode(Table, tablename="recovery_codes"):
    id = UUIDColumn(primary_key=True)
    account_id = UUIDColumn()
    code_hash = Bytea()
    created_at = Timestamptz()
    used_at = Timestamptz(null=True)


class SignInAttempt(Table, tablename="sign_in_attempts"):
    id = UUIDColumn(primary_key=True)
    subject = Bytea()
    attempted_at = Timestamptz()
