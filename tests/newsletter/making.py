"""Makers of subscribers and campaigns; each commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

from hub.crypto import email_token
from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.newsletter import queries
from hub.newsletter.blocks import Block, Heading, Paragraph
from hub.newsletter.delivery import tallies
from hub.newsletter.schemas import Campaign, Draft
from hub.newsletter.segments import AllOf, Audience, Choices, segment_of
from hub.newsletter.start_campaign import start_campaign
from tests.factories import CAMPANIA, Member, Tenant, unique

EVERYONE = segment_of(
    Choices(audiences=("desks", "operators", "administrators", "lenders", "tutors", "public"))
)


async def make_subscriber(
    publisher: Tenant,
    audience: Audience = "public",
    *,
    email: str | None = None,
    name: str = "Rosa Bianchi",
    locale: str = "it",
    organisation: Tenant | None = None,
    region_code: str | None = CAMPANIA,
    state: str = "active",
) -> str:
    """Returns the address."""
    email = email or f"{unique('reader')}@example.org"
    await make_subscribers(
        publisher, [email], audience, name, locale, organisation, region_code, state
    )
    return email


async def make_subscribers(
    publisher: Tenant,
    emails: list[str],
    audience: Audience = "public",
    name: str = "Rosa Bianchi",
    locale: str = "it",
    organisation: Tenant | None = None,
    region_code: str | None = CAMPANIA,
    state: str = "active",
) -> None:
    people = [(uuid7(), publisher.id, email, email_token(email)) for email in emails]
    async with tenant_transaction(publisher.id) as scope:
        await scope.executemany(
            """
            INSERT INTO subscribers (id, tenant_id, email, email_token, name, locale, state, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [(*person, name, locale, state, scope.now) for person in people],
        )
        await scope.executemany(
            """
            INSERT INTO subscriptions (id, tenant_id, subscriber_id, audience, source,
              organisation_id, region_code, created_at)
            VALUES ($1, $2, $3, $4, 'import', $5, $6, $7)
            """,
            [
                (
                    uuid7(),
                    publisher.id,
                    person[0],
                    audience,
                    organisation.id if organisation else None,
                    region_code,
                    scope.now,
                )
                for person in people
            ],
        )


async def subscribe(
    publisher: Tenant,
    email: str,
    audience: Audience,
    *,
    organisation: Tenant | None = None,
    region_code: str | None = CAMPANIA,
) -> None:
    """A further reason for somebody who is a subscriber already."""
    async with tenant_transaction(publisher.id) as scope:
        await scope.execute(
            """
            INSERT INTO subscriptions (id, tenant_id, subscriber_id, audience, source,
              organisation_id, region_code, created_at)
            SELECT $1, $2, id, $3, 'import', $4, $5, $6 FROM subscribers WHERE email = $7
            """,
            uuid7(),
            publisher.id,
            audience,
            organisation.id if organisation else None,
            region_code,
            scope.now,
            email,
        )


def draft(
    *blocks: Block,
    subject: str = "Novità della rete",
    segment: AllOf = EVERYONE,
    preheader: str = "",
    locale: str = "it",
) -> Draft:
    return Draft(
        subject=subject,
        preheader=preheader,
        locale=locale,
        blocks=blocks
        or (Heading("Novità"), Paragraph("Gentile {name|amica}, ecco le **novità**.")),
        segment=segment,
    )


async def make_campaign(editor: Member, content: Draft | None = None) -> UUID:
    campaign_id = uuid7()
    async with tenant_transaction(editor.tenant.id) as scope:
        await queries.insert_campaign(scope, campaign_id, content or draft(), editor.membership_id)
    return campaign_id


async def start(editor: Member, campaign_id: UUID) -> int:
    """As the editor who confirms the present count; returns it."""
    async with tenant_transaction(editor.tenant.id) as scope:
        campaign = await queries.campaign(scope, campaign_id)
        assert campaign
        expected = await queries.count_recipients(scope, campaign.segment)
        await start_campaign(
            scope,
            editor.actor,
            campaign_id,
            version=campaign.version,
            expected=expected,
            key=uuid7(),
        )
    return expected


async def load(editor: Member, campaign_id: UUID) -> Campaign:
    async with tenant_transaction(editor.tenant.id) as scope:
        campaign = await queries.campaign(scope, campaign_id)
    assert campaign
    return campaign


async def states(editor: Member, campaign_id: UUID) -> dict[str, int]:
    """How many deliveries are in each state."""
    async with tenant_transaction(editor.tenant.id) as scope:
        counts = await tallies.counts_of(scope, [campaign_id])
    return counts[campaign_id].by_state


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that another task or process does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # nothing there could set an event
            await asyncio.sleep(0.005)
