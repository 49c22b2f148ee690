"""Who may enter at the Ente: everybody reads, operators answer and examine, administrators run a call."""

from hub.tenants.accounts.actor import ADMIN, OPERATOR, requires

READERS = [requires("coordinator")]
EXAMINERS = [requires("coordinator", roles=frozenset({ADMIN, OPERATOR}))]
RUNNERS = [requires("coordinator", roles=frozenset({ADMIN}))]
