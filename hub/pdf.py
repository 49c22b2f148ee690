"""Paper: PDF by typst, tagged so that screen readers can read it (PDF/UA-1, ISO 14289).

Values reach the template as data and can become nothing but text. The same data give the same octets.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import typst

_ROOT = Path(__file__).parent


def render_pdf(template: str, data: Mapping[str, object]) -> bytes:
    """`template` is named with its domain, as those of pages are: `tenants/calls/receipt.typ`.

    It reads `data` by `import "/web/templates/paper.typ": *` and its `data`, in which `title`, `locale` and `date`
    (year, month, day) are always asked for. Takes some milliseconds a page: call it through `asyncio.to_thread`.
    """
    domain, _, name = template.partition("/")
    return typst.compile(
        str(_ROOT / domain / "templates" / name),
        root=str(_ROOT),
        sys_inputs={"data": json.dumps(data)},
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
    )
