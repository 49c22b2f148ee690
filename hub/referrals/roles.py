"""Which roles may read citizens' data, and which may act on it. Editors write newsletters: neither is theirs."""

READERS = frozenset({"admin", "operator", "viewer"})
WRITERS = frozenset({"admin", "operator"})
