"""The lenders and tutoring services of the demo network: invented, like what they offer."""

from typing import NamedTuple
from zlib import crc32

from hub.seed.places import HOST_REGIONS

CAMPANIA, PUGLIA, CALABRIA, SICILIA = HOST_REGIONS
ITALY = tuple(f"{number:02}" for number in range(1, 21))


class Product(NamedTuple):
    """Amounts in euro; `days` are the working days in which the lender answers."""

    kind: str
    name: str
    lowest: int
    highest: int
    days: int


class LenderPlan(NamedTuple):
    slug: str
    name: str
    regions: tuple[str, ...]
    products: tuple[Product, ...]


class TutorPlan(NamedTuple):
    slug: str
    name: str
    regions: tuple[str, ...]


def register_of(plan: LenderPlan) -> str:
    """Its category and its place in that category's register, which is invented."""
    number = crc32(plan.slug.encode()) % 9000 + 1000
    bank = plan.name.startswith(("Banca", "Credito Cooperativo", "Cassa"))
    category = "bank" if bank else "art_106" if "Confidi" in plan.name else "art_111"
    return f"{category}:{number}"


def _enterprise(lowest: int, highest: int, days: int = 10) -> Product:
    return Product("enterprise_loan", "Microcredito d’impresa", lowest, highest, days)


def _social(lowest: int, highest: int, days: int = 10) -> Product:
    return Product("social_loan", "Microcredito sociale", lowest, highest, days)


# Between them they answer, in each of the four regions, for any amount that the law allows.
LENDERS = (
    LenderPlan(
        "microfinanza-mediterranea",
        "Microfinanza Mediterranea",
        HOST_REGIONS,
        (_enterprise(3_000, 75_000), _social(1_000, 10_000)),
    ),
    LenderPlan(
        "piccoli-prestiti",
        "Società Italiana Piccoli Prestiti",
        ITALY,
        (_enterprise(5_000, 75_000),),
    ),
    LenderPlan(
        "impresa-sud", "Confidi Impresa Sud", HOST_REGIONS, (_enterprise(5_000, 75_000, 15),)
    ),
    LenderPlan(
        "finanza-civile",
        "Finanza Civile Meridionale",
        HOST_REGIONS,
        (_enterprise(5_000, 50_000), _social(500, 10_000, 8)),
    ),
    LenderPlan("buon-inizio", "Fondazione Buon Inizio", ITALY, (_social(500, 10_000, 8),)),
    LenderPlan(
        "banca-tirreno",
        "Banca Popolare del Basso Tirreno",
        (CAMPANIA, CALABRIA),
        (_enterprise(10_000, 75_000),),
    ),
    LenderPlan(
        "banca-solfatara", "Banca della Solfatara", (CAMPANIA,), (_enterprise(5_000, 60_000, 8),)
    ),
    LenderPlan(
        "credito-aspromonte",
        "Credito Cooperativo dell’Alto Aspromonte",
        (CALABRIA, SICILIA),
        (_enterprise(5_000, 40_000),),
    ),
    LenderPlan(
        "mutua-jonio",
        "Mutua Credito dello Jonio",
        (CALABRIA, PUGLIA),
        (_enterprise(5_000, 60_000), _social(1_000, 8_000)),
    ),
    LenderPlan(
        "credito-trulli",
        "Credito Cooperativo dei Trulli",
        (PUGLIA,),
        (_enterprise(5_000, 50_000, 8), _social(1_000, 6_000)),
    ),
    LenderPlan(
        "banca-mongibello", "Banca Mongibello Sviluppo", (SICILIA,), (_enterprise(5_000, 75_000),)
    ),
    LenderPlan(
        "cassa-zagara",
        "Cassa Rurale della Zagara",
        (SICILIA,),
        (_enterprise(5_000, 35_000, 8), _social(1_000, 10_000)),
    ),
)

# With the chambers of commerce that tutor as well (`hosts.py`) they are twenty.
TUTORS = (
    TutorPlan("officina-impresa", "Officina d’Impresa", HOST_REGIONS),
    TutorPlan("primi-passi", "Primi Passi – Tutor di microimpresa", HOST_REGIONS),
    TutorPlan("bottega-futuro", "Bottega Futuro", (CAMPANIA,)),
    TutorPlan("incubatore-cratere", "Incubatore Cratere", (CAMPANIA,)),
    TutorPlan("mestieri-cilento", "Mestieri del Cilento", (CAMPANIA,)),
    TutorPlan("sannio-crea", "Sannio Crea", (CAMPANIA,)),
    TutorPlan("capitanata-lab", "Capitanata Lab", (PUGLIA,)),
    TutorPlan("murgia-imprese", "Murgia Imprese", (PUGLIA,)),
    TutorPlan("salento-avvio", "Salento Avvio", (PUGLIA,)),
    TutorPlan("ionio-start", "Ionio Start", (PUGLIA, CALABRIA)),
    TutorPlan("sila-coop", "Sila Cooperativa Servizi", (CALABRIA,)),
    TutorPlan("magna-impresa", "Magna Impresa", (CALABRIA,)),
    TutorPlan("stretto-lavoro", "Stretto al Lavoro", (CALABRIA, SICILIA)),
    TutorPlan("conca-idee", "Conca delle Idee", (SICILIA,)),
    TutorPlan("trinacria-tutor", "Trinacria Tutor", (SICILIA,)),
    TutorPlan("etna-mestieri", "Etna Mestieri", (SICILIA,)),
)
