"""`newsletter.segment_freeze`: a million deliveries by the product's task, and by one bare statement of the owner's."""

from __future__ import annotations

import resource
from time import perf_counter

from bench.delivery.stage import Stage, staged
from bench.harness import Figure, figure, take_turns

RECIPIENTS = 1_000_000

# The same rows into the same table with all its keys and indexes, in one transaction and past row security; only the
# trigger that keeps the counts is off.
BARE = """
INSERT INTO deliveries (id, tenant_id, campaign_id, email, email_token, name, locale, state, due_at, updated_at)
SELECT uuidv7(), s.tenant_id, $2, s.email, s.email_token, s.name, s.locale, 'queued', now(), now()
FROM subscribers s
WHERE s.tenant_id = $1 AND s.state = 'active'
  AND NOT EXISTS (
    SELECT FROM suppressions x WHERE x.tenant_id = s.tenant_id AND x.email_token = s.email_token)
  AND EXISTS (
    SELECT FROM subscriptions p
    WHERE p.tenant_id = s.tenant_id AND p.subscriber_id = s.id AND p.audience = 'public')
"""


async def segment_freeze(rounds: int) -> list[Figure]:
    async with staged() as stage:
        await stage.add_readers("public", RECIPIENTS)
        memory: list[float] = []

        async def product() -> float:
            campaign_id = await stage.new_campaign("20 KB", ("public",))
            began = perf_counter()
            recipients = await stage.release(campaign_id)
            seconds = perf_counter() - began
            _check(recipients)
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
            return seconds

        results = await take_turns({"product": product, "bare": lambda: _bare(stage)}, rounds)
    ratios = [bare / own for bare, own in zip(results["bare"], results["product"], strict=True)]
    return [
        figure(
            "newsletter.segment_freeze",
            "s",
            results["product"],
            against={"sql": ratios},
            aims={"sql": 0.67},
        ),
        figure("newsletter.freeze_memory", "MB", memory),
    ]


async def _bare(stage: Stage) -> float:
    campaign_id = await stage.new_campaign("20 KB", ("public",))
    await stage.superuser.execute("ALTER TABLE deliveries DISABLE TRIGGER USER")
    try:
        began = perf_counter()
        status = await stage.superuser.execute(BARE, stage.tenant_id, campaign_id)
        seconds = perf_counter() - began
    finally:
        await stage.superuser.execute("ALTER TABLE deliveries ENABLE TRIGGER USER")
    _check(int(status.split()[-1]))
    return seconds


def _check(recipients: int) -> None:
    if recipients != RECIPIENTS:
        raise RuntimeError(f"{recipients} deliveries instead of {RECIPIENTS}")
