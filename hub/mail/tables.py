"""What workers keep about sending itself: who is alive, and how much may still be sent."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Boolean, DoublePrecision, Text, Timestamptz
from piccolo.table import Table


class MailWorker(Table, tablename="mail_workers"):
    id = UUIDColumn(primary_key=True)
    host = Text()
    beat = BigInt()
    started_at = Timestamptz()
    ended_at = Timestamptz(null=True)
    settled = Boolean()


class MailPace(Table, tablename="mail_pace"):
    name = Text(primary_key=True)
    tokens = DoublePrecision()
    filled_at = Timestamptz()
