"""What docs/referrals.md draws and lists is what the code does."""

from __future__ import annotations

from pathlib import Path

from hub.referrals.inbox import api
from hub.referrals.routing.edges import OFFER_EDGES, REFERRAL_EDGES, diagram
from hub.referrals.routing.reasons import ADVICE, REASONS

PAGE = (Path(__file__).parents[2] / "docs" / "referrals.md").read_text(encoding="utf-8")


def test_the_pictures_are_drawn_from_the_edges() -> None:
    for edges in (OFFER_EDGES, REFERRAL_EDGES):
        assert f"```mermaid\n{diagram(edges, 'draft')}\n```" in PAGE


def test_every_reason_is_listed_with_its_effect() -> None:
    for code, reason in REASONS.items():
        line = f"| `{code}` | {reason.label} | `{reason.effect}` | {ADVICE[reason.effect]} |"
        assert line in PAGE


def test_every_route_of_the_api_is_listed() -> None:
    for handler in api.ROUTES:
        for path in handler.paths:
            assert path.replace("{offer_id:str}", "{id}") in PAGE
