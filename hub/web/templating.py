"""The Jinja environment. A template is named with its domain: `referrals/case.html` is hub/referrals/templates/case.html."""

import re
from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig
from markupsafe import Markup

from hub.web import cells, csrf, formats, i18n
from hub.web.static_files import HUB, asset

_ICON_NAME = re.compile(r"[a-z0-9-]+")


def environment() -> Environment:
    loaders = {folder.parent.name: FileSystemLoader(folder) for folder in HUB.glob("*/templates")}
    env = Environment(
        loader=PrefixLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(i18n.gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]  # by the i18n extension
    env.filters |= {
        "date": formats.format_date,
        "datetime": formats.format_datetime,
        "money": formats.format_money,
        "phone": formats.format_phone,
        "number": formats.format_number,
        "percent": formats.format_percent,
        "iso": formats.iso,
    }
    env.globals |= {
        "_": translated,
        "asset": asset,
        "cells": cells,
        "icon": icon,
        "csrf": csrf.csrf_token,
        "locales": i18n.LOCALES,
        "current_locale": i18n.locale,
    }
    return env


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment()))


def translated(msgid: str, **values: object) -> Markup:
    """`_` in templates: our own words are safe as they stand, and what fills them is escaped.

    Jinja's own does the same through four calls more, for each of a page's hundred texts.
    """
    text = i18n.gettext(msgid)
    if not values:
        return Markup(text)  # noqa: S704 - from our catalogues
    return Markup(i18n.elided(text, values)) % values  # noqa: S704 - the same


@lru_cache(1024)
def icon(name: str, classes: str = "", title: str = "") -> Markup:
    """One of Bootstrap Italia's icons, such as `it-user`; decoration unless it has a title."""
    if not _ICON_NAME.fullmatch(name):
        raise ValueError(f"not the name of an icon: {name!r}")
    address = f"{asset('vendor/bootstrap-italia/svg/sprites.svg')}#{name}"
    described = Markup('role="img"') if title else Markup('aria-hidden="true"')
    heading = Markup("<title>{}</title>").format(title) if title else ""
    return Markup('<svg class="icon {}" {}>{}<use href="{}"></use></svg>').format(
        classes, described, heading, address
    )


def _ngettext(singular: str, plural: str, count: int) -> str:
    # Jinja fills the values itself, after escaping them.
    return i18n.catalogue(i18n.locale()).ngettext(singular, plural, count)
