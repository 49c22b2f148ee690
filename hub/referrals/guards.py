"""Who may enter: citizens' data is for people who act on it, and for viewers. Editors write newsletters."""

from hub.tenants.accounts.actor import requires

READERS = frozenset({"admin", "operator", "viewer"})
WRITERS = frozenset({"admin", "operator"})

DESK_READERS = [requires("host", roles=READERS)]
DESK_WRITERS = [requires("host", roles=WRITERS)]
LENDER_READERS = [requires("lender", roles=READERS)]
LENDER_WRITERS = [requires("lender", roles=WRITERS)]
