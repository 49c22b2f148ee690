"""Whatever is written into an audit log has words, in every language; and no words are left of what is written no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from hub.tenants.network import stories
from hub.tenants.onboarding.schemas import POINTS
from hub.web.i18n import LOCALES, reading_in
from tests.tenants.network.actions import recorded_actions

# What stands for the braces of an action that is composed.
COMPOSED = {
    "desk.closing_{}": ("announced", "withdrawn", "lapsed", "failed"),
    "exception.{}": ("agreed", "refused"),
    "organisation.{}": ("suspended", "resumed"),
    "point.{}": ("done", "undone"),
}
CODES = {"point": "protocol_signed", "role": "admin", "count": 3}


def written() -> Iterator[str]:
    for action in recorded_actions():
        if "{" in action:
            yield from (action.format(rest) for rest in COMPOSED[action])
        else:
            yield action


def test_every_action_that_is_written_has_words_and_no_other() -> None:
    assert sorted(written()) == sorted(stories.STORIES)


def test_every_action_can_be_looked_for_in_one_area() -> None:
    found = [action for area in stories.AREAS for action in stories.actions_in(area)]
    assert sorted(found) == sorted(stories.STORIES)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_can_be_said(locale: str) -> None:
    with reading_in(locale):
        for action, how in stories.STORIES.items():
            said = stories.sentence(action, CODES)
            assert said
            assert not re.search(r"%\(|–", said), (action, said)
            for name, value in (("point", "Protocol"), ("role", "dministrator"), ("count", "3")):
                if locale == "en" and f"%({name})s" in how.words:
                    assert value in said, (action, said)
            # Codes that an older entry lacks leave a dash.
            assert ("–" in stories.sentence(action, {})) == ("%(" in how.words)


def test_roles_and_points_are_told_in_the_reader_s_language() -> None:
    with reading_in("it"):
        assert (
            stories.sentence("invitation.sent", {"role": "operator"}) == "Invito inviato: operatore"
        )
        assert "Accordo" in stories.sentence("point.done", {"point": "protocol_signed"})
        for point in POINTS:
            assert point not in stories.sentence("point.done", {"point": point})
        # What no version of the hub knows is told as it is.
        assert stories.sentence("point.done", {"point": "100%"}).endswith("100%")
        assert stories.sentence("some.100%_thing", {}) == "some.100%_thing"


def test_reasons_that_are_codes_have_words_where_they_are_theirs() -> None:
    with reading_in("it"):
        assert stories.detail("organisation.suspended", {"reason": "request"}) == "Su sua richiesta"
        assert stories.detail("support.ended", {"reason": "term"}) == "È arrivato l’ultimo giorno"
        assert (
            stories.detail("evaluation.recused", {"reason": "conflict"}) == "Conflitto di interessi"
        )
        assert stories.detail("application.submitted", {"number": 12, "year": 2026}) == "N. 12"
        assert stories.detail("point.postponed", {"due": "2026-12-03"}) == "3 dicembre 2026"
        assert stories.detail("membership.term_changed", {"until": None}) == ""
        assert stories.detail("membership.role_changed", {"before": "admin"}) == (
            "In precedenza: amministratore"
        )
        for action in stories.REASONS:
            assert action in stories.STORIES
            assert stories.detail(action, {"reason": "something"}) == ""
            assert stories.detail(action, {}) == ""
        # The same code may mean another thing elsewhere.
        assert stories.detail("case.closed", {"reason": "request"}) == ""


def test_what_an_import_changed_is_told_as_the_file_calls_it() -> None:
    with reading_in("it"):
        assert stories.detail("organisation.changed", {"fields": "name,certified_email"}) == (
            "Con un’importazione: Denominazione, PEC"
        )
        assert stories.detail("desk.changed", {"desk": "x", "fields": "monday"}) == (
            "Con un’importazione: Lunedì"
        )
        assert (
            stories.detail(
                "settings.changed", {"fields": "certified_email,patron_day,patron_month,phone"}
            )
            == "Posta elettronica certificata (PEC), Telefono, Santo patrono"
        )
        # By hand, or before columns were noted.
        assert stories.detail("desk.changed", {"desk": "x"}) == ""
        assert stories.detail("case.closed", {"fields": "name"}) == ""
    with reading_in("en"):
        assert stories.detail("membership.renamed", {"fields": "name"}) == ("By an import: Name")


def test_every_point_that_is_told_with_its_cause_is_one_and_its_cause_is_written() -> None:
    assert set(stories.CAUSES) <= set(POINTS)
    assert {*stories.CAUSES.values(), *stories.NOBODY} <= set(stories.STORIES)
