"""Who evaluates, the points given, and the ranking."""

from piccolo.columns import JSONB, Bytea, Integer, Numeric, SmallInt, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


class CallEvaluator(Table, tablename="call_evaluators"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    call_id = UUIDColumn()
    membership_id = UUIDColumn()
    named_at = Timestamptz()
    named_by = UUIDColumn()
    removed_at = Timestamptz(null=True)
    reminded_at = Timestamptz(null=True)


class Evaluation(Table, tablename="evaluations"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    call_id = UUIDColumn()
    application_id = UUIDColumn()
    membership_id = UUIDColumn()
    ordinal = SmallInt()
    state = Text()
    declared_at = Timestamptz(null=True)
    recused_reason = Text(null=True)
    draft = JSONB()
    note = Text()
    total = Numeric(null=True)
    assigned_at = Timestamptz()
    submitted_at = Timestamptz(null=True)
    version = Integer()


class EvaluationScore(Table, tablename="evaluation_scores"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    evaluation_id = UUIDColumn()
    criterion_id = UUIDColumn()
    points = SmallInt()


class Ranking(Table, tablename="rankings"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    call_id = UUIDColumn()
    number = Integer()
    state = Text()
    proposed_at = Timestamptz()
    proposed_by = UUIDColumn()
    decided_at = Timestamptz(null=True)
    decided_by = UUIDColumn(null=True)
    decision_note = Text()
    content_hash = Bytea(null=True)


class RankingEntry(Table, tablename="ranking_entries"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    ranking_id = UUIDColumn()
    application_id = UUIDColumn()
    region_code = Text()
    region = Text()
    province = Text(null=True)
    municipality = Text(null=True)
    position = Integer(null=True)
    score = Numeric(null=True)
    outcome = Text()
    reason = Text(null=True)


class RankingSuccession(Table, tablename="ranking_successions"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    ranking_id = UUIDColumn()
    withdrawn_id = UUIDColumn()
    admitted_id = UUIDColumn()
    at = Timestamptz()
