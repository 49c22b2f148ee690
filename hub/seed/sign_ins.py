"""One known sign-in for each kind of person; everyone else of the demo network has the same password."""

PASSWORD = "microwork-demo"  # noqa: S105 - printed by `hub up`; the demo network's people are invented

# Of the second factor of every administrator of the demo network, as it is typed into an app. The mailbox page of
# `hub up` shows its present code.
SECOND_FACTOR = "MICROWORKDEMOMICROWORKDEMOMICROW"

# Who: the organisation's slug and the role of its first member, and the part of the address before the @.
HANDLES = {
    ("ente", "admin"): "admin",
    ("ente", "editor"): "editor",
    ("comune-napoli", "operator"): "operatore",
    ("comune-napoli", "admin"): "responsabile",
    ("microfinanza-mediterranea", "operator"): "istruttoria",
    ("officina-impresa", "operator"): "tutor",
    ("camera-bari", "operator"): "consulente",
}

# The Ente's people for its calls, besides the first admin: the part of the address before the @, and the role.
COMMISSION = (
    ("approvazione", "admin"),
    ("bandi", "operator"),
    ("commissione1", "viewer"),
    ("commissione2", "viewer"),
    ("commissione3", "viewer"),
)

# The operator of the first, also works for the second.
TWO_MEMBERSHIPS = ("camera-bari", "murgia-imprese")

# Of those below, who also shows a code: all administrators do.
WITH_CODE = frozenset(
    {
        "admin@ente.example.org",
        "approvazione@ente.example.org",
        "responsabile@comune-napoli.example.org",
    }
)

# What the person is, e-mail, password.
SIGN_INS: tuple[tuple[str, str, str], ...] = (
    ("Ente, network admin", "admin@ente.example.org", PASSWORD),
    ("Ente, newsletter editor", "editor@ente.example.org", PASSWORD),
    ("Desk operator", "operatore@comune-napoli.example.org", PASSWORD),
    ("Host admin", "responsabile@comune-napoli.example.org", PASSWORD),
    ("Lender operator", "istruttoria@microfinanza-mediterranea.example.org", PASSWORD),
    ("Tutor operator", "tutor@officina-impresa.example.org", PASSWORD),
    ("Person with two memberships", "consulente@camera-bari.example.org", PASSWORD),
    ("Ente, second admin (approves rankings)", "approvazione@ente.example.org", PASSWORD),
    ("Ente, operator (calls and questions)", "bandi@ente.example.org", PASSWORD),
    ("Ente, evaluator with work to do", "commissione3@ente.example.org", PASSWORD),
    ("Ente, evaluator who has finished", "commissione1@ente.example.org", PASSWORD),
)
