"""What the demo network's calls say: the one of 2015, one that is open, and one that is being evaluated."""

from typing import NamedTuple

from hub.seed.hosts import WAITING_REGIONS


class CriterionText(NamedTuple):
    name: str
    description: str
    max_points: int
    weight: int


class Asked(NamedTuple):
    """A question; without an answer it still waits for one."""

    question: str
    answer: str | None = None


class CallText(NamedTuple):
    """`document` is the title and the lines of the paper that is published with it."""

    slug: str
    title: str
    text: str
    regions: tuple[str, ...]
    places: dict[str, int]
    document: tuple[str, tuple[str, ...]]
    questions: tuple[Asked, ...] = ()


# Code, label, whether it must be attached.
REQUIRED_FILES = (
    ("candidacy", "Atto di candidatura firmato dal legale rappresentante", True),
    ("rooms", "Planimetria dei locali", False),
)
CRITERIA = (
    CriterionText(
        "Esperienza nei servizi per il lavoro e per l’impresa",
        "Attività svolte negli ultimi tre anni.",
        20,
        30,
    ),
    CriterionText(
        "Personale dedicato", "Numero, competenze e disponibilità alla formazione.", 20, 25
    ),
    CriterionText(
        "Rete con il territorio", "Accordi con scuole, associazioni, confidi e banche.", 20, 20
    ),
    CriterionText("Locali", "Accessibilità e riservatezza dei colloqui.", 10, 15),
    CriterionText("Orari di apertura", "Ore settimanali e aperture pomeridiane.", 10, 10),
)

_HOW = """
## Che cosa offre l’Ente

L’Ente forma gli operatori, fornisce il materiale informativo e mette a disposizione questo portale,
con cui lo sportello segue i casi e li propone agli intermediari. Il servizio è gratuito per i cittadini.

## Che cosa mette l’amministrazione

- almeno un operatore per sede, per non meno di otto ore la settimana;
- un locale accessibile e adatto a colloqui riservati;
- un collegamento a Internet e una linea telefonica.

## Come si presenta la candidatura

La candidatura si compila in questa pagina, senza registrazione, e si può riprendere più volte con il
link ricevuto per e-mail. Fa fede l’ora dell’hub: dopo la scadenza nessuna candidatura è accettata.
"""

_WHO = (
    "Possono presentare domanda le amministrazioni autorizzate all’intermediazione ai sensi dell’art. 6 del d.lgs."
    " 276/2003 e i servizi pubblici per l’impiego"
)

CALL_2015 = CallText(
    slug="micro-work-2015",
    title="Manifestazione di interesse 2015 per l’apertura di sportelli per il microcredito",
    text="L’Ente Nazionale per il Microcredito invita le amministrazioni di Campania, Puglia, Calabria e"
    " Sicilia a ospitare uno sportello informativo sul microcredito e l’autoimpiego, nell’ambito del"
    f" progetto MICRO-WORK.\n{_HOW}",
    regions=("15", "16", "18", "19"),
    places={"15": 30, "16": 25, "18": 20, "19": 20},
    document=(
        "Avviso pubblico MICRO-WORK 2015",
        (
            f"{_WHO}.",
            "Le domande si presentano dal 15 gennaio 2015 alle ore 9 al 28 febbraio 2015 alle ore 12.",
            "Sono ammesse 95 amministrazioni: 30 in Campania, 25 in Puglia, 20 in Calabria, 20 in Sicilia.",
        ),
    ),
    questions=(
        Asked(
            "Un’unione di comuni può presentare una sola domanda per più sedi?",
            "Sì. La domanda è una sola e indica tutte le sedi proposte, fino a venti.",
        ),
    ),
)
CALL_NORTH = CallText(
    slug="micro-work-centro-nord",
    title="Manifestazione di interesse per sportelli per il microcredito nel Centro-Nord",
    text="L’Ente Nazionale per il Microcredito estende la rete MICRO-WORK alle regioni del Centro-Nord e invita"
    " province, comuni, camere di commercio e università a ospitare uno sportello per il microcredito e"
    f" l’autoimpiego.\n{_HOW}",
    regions=WAITING_REGIONS,
    places=dict.fromkeys(WAITING_REGIONS, 4),
    document=(
        "Avviso pubblico per il Centro-Nord",
        (
            f"{_WHO}, con sede nelle regioni del Centro-Nord.",
            "In ciascuna regione sono ammesse al massimo quattro amministrazioni.",
            "Le domande sono valutate da due commissari indipendenti secondo i criteri pubblicati.",
        ),
    ),
    questions=(
        Asked(
            "Una provincia può candidare più centri per l’impiego con una sola domanda?",
            "Sì. Ogni centro per l’impiego si indica come sede, con i suoi orari e i suoi operatori.",
        ),
        Asked(
            "L’atto di candidatura può essere firmato digitalmente in formato P7M?",
            "Sì. Sono accettati file PDF e file PDF firmati in formato P7M, fino a 10 MB.",
        ),
        Asked("La planimetria dei locali può essere inviata anche dopo la scadenza?"),
    ),
)
CALL_ISLANDS = CallText(
    slug="micro-work-completamento",
    title="Completamento della rete: Abruzzo, Molise, Basilicata e Sardegna",
    text="L’Ente Nazionale per il Microcredito completa la rete MICRO-WORK nelle regioni del Mezzogiorno che non"
    f" hanno ancora uno sportello.\n{_HOW}",
    regions=("13", "14", "17", "20"),
    places={"13": 1, "14": 1, "17": 1, "20": 1},
    document=(
        "Avviso pubblico per il completamento della rete",
        ("In ciascuna regione è ammessa una amministrazione; le altre idonee restano in riserva.",),
    ),
)
