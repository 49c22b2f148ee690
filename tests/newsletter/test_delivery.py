"""From a started campaign to the mailbox."""

from __future__ import annotations

from tests.factories import Member
from tests.newsletter.making import load, make_campaign, make_subscribers, start, states
from tests.support.smtp_sink import SmtpSink

from hub.worker import drain_now


async def test_counted_frozen_and_arrived_are_the_same(editor: Member, relay: SmtpSink) -> None:
    emails = [f"reader{number}@example.org" for number in range(250)]
    await make_subscribers(editor.tenant, emails)
    campaign_id = await make_campaign(editor)
    counted = await start(editor, campaign_id)
    await drain_now()
    campaign = await load(editor, campaign_id)
    assert counted == campaign.recipients == len(relay.messages) == 250
    assert sorted(message.recipients[0] for message in relay.messages) == sorted(emails)
    assert campaign.state == "sent"
    assert await states(editor, campaign_id) == {"sent": 250}
