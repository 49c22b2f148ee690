"""The cells of a table, for `web/lists.html`. In Python, since a page draws a hundred of them and a macro is slow.

Everything from outside goes through `escape`, which leaves Markup as it is.
"""

from markupsafe import Markup, escape

# ruff's S704 asks what is put into Markup: here it is our own tags around escaped values, in every line.


def head(
    text: object, url: str | None = None, detail: object = None, link_id: str | None = None
) -> Markup:
    """The cell that names its row, as a link where there is a page about it.

    `link_id` is for a table that comes anew while somebody reads it: the link keeps the focus by it.
    """
    mark = f' id="{escape(link_id)}"' if link_id else ""
    name = f'<a{mark} href="{escape(url)}">{escape(text)}</a>' if url else escape(text)
    more = f'<span class="hub-cell-detail">{escape(detail)}</span>' if detail else ""
    return Markup(  # noqa: S704
        f'<th scope="row" role="rowheader" class="hub-cell-head">{name}{more}</th>'
    )


def cell(label: str, content: object, *, number: bool = False) -> Markup:
    """`label` is the column's name, which a phone shows beside the content."""
    kind = ' class="hub-cell-number"' if number else ""
    return Markup(  # noqa: S704
        f'<td role="cell" data-label="{escape(label)}"{kind}>{escape(content)}</td>'
    )


def badge(text: object, tone: str = "neutral") -> Markup:
    """`tone` is neutral, info, success, warning or danger."""
    return Markup(  # noqa: S704
        f'<span class="hub-badge hub-tone-{escape(tone)}">{escape(text)}</span>'
    )
