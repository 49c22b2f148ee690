"""Who may enter: citizens' data is for people who act on it, and for viewers. Editors write newsletters.

A suspended organisation goes on reading what it has, and tries things out with tests: what it may write is asked in the
transaction that writes (`hub/referrals/members/standing.py`). Support never sees citizens.
"""

from hub.tenants.accounts.actor import requires

READERS = frozenset({"admin", "operator", "viewer"})
WRITERS = frozenset({"admin", "operator"})

DESK_READERS = [requires("host", roles=READERS, while_suspended=True)]
DESK_WRITERS = [requires("host", roles=WRITERS, while_suspended=True)]
LENDER_READERS = [requires("lender", roles=READERS, while_suspended=True)]
LENDER_WRITERS = [requires("lender", roles=WRITERS, while_suspended=True)]
