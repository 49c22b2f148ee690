"""The hub's own short letters: a title, a few paragraphs and at most one button, as text and as HTML.

body = letter(title=_("A new password"), paragraphs=[_("Someone, probably you, …")], button=(_("Choose it"), link))
await mail.send(to=address, subject=subject, text=body.text, html=body.html)
"""

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment

from hub.mail import mjml
from hub.mail.messages import Body
from hub.mail.relay import base_url
from hub.web import i18n
from hub.web.templating import environment

HUB = "MICRO-WORK Hub"


def letter(*, title: str, paragraphs: Sequence[str], button: tuple[str, str] | None = None) -> Body:
    """In the language of `reading_in`; every text is plain and is escaped here."""
    html = render(
        "mail/letter.mjml",
        locale=i18n.locale(),
        sender_name=HUB,
        title=title,
        paragraphs=paragraphs,
        button=button,
        home=base_url(),
    )
    lines = [title, *paragraphs]
    if button:
        label, url = button
        lines.append(f"{label}:\n{url}")
    return Body("\n\n".join([*lines, f"{HUB}\n{base_url()}"]) + "\n", html)


def render(template: str, **context: object) -> str:
    """The HTML of a template that extends `mail/base.mjml`. Raises BadMjml."""
    return mjml.render(_templates().get_template(template).render(context))


@cache
def _templates() -> Environment:
    return environment()
