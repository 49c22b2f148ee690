"""The first version of each template: where an Ente begins, before it writes its own.

Text of documents, so Italian and not of the catalogues.
"""

from typing import NamedTuple


class FirstText(NamedTuple):
    title: str
    years: int
    text: str


HOST = FirstText(
    "Protocollo d’intesa per l’apertura di sportelli informativi sul microcredito",
    3,
    """\
Protocollo d’intesa, ai sensi dell’articolo 15 della legge 7 agosto 1990, n. 241, tra {ente}, di seguito «Ente», e {organisation}, codice fiscale {fiscal_code}, con sede in {address}, di seguito «Amministrazione»; insieme, le «Parti».

# Premesse

Le Parti premettono che:

- il microcredito, disciplinato dall’articolo 111 del decreto legislativo 1° settembre 1993, n. 385, e dal decreto del Ministro dell’economia e delle finanze 17 ottobre 2014, n. 176, sostiene l’avvio e lo sviluppo del lavoro autonomo e della microimpresa, e l’inclusione sociale e finanziaria di chi non ha accesso al credito ordinario;
- l’Ente promuove la rete MICRO-WORK, che unisce gli sportelli delle amministrazioni pubbliche, i soggetti erogatori e i servizi di tutoraggio, e mette a disposizione della rete una piattaforma informatica comune, di seguito «piattaforma»;
- l’Amministrazione ha manifestato il proprio interesse ad aderire alla rete, ed entra a farne parte in esito a una selezione o su invito dell’Ente;
- le Parti perseguono, ciascuna secondo le proprie competenze, il comune interesse pubblico di avvicinare i cittadini agli strumenti della microfinanza e alle misure di sostegno al lavoro.

Le premesse sono parte integrante del presente protocollo.

# Art. 1 – Oggetto

Il presente protocollo disciplina la collaborazione tra le Parti per l’apertura e il funzionamento, presso l’Amministrazione, dei seguenti sportelli informativi sul microcredito:

- {desks}

Gli sportelli informano e orientano i cittadini, raccolgono le loro richieste e, con la loro autorizzazione, le inviano ai soggetti erogatori e ai servizi di tutoraggio della rete. Gli sportelli non concedono finanziamenti, non ne istruiscono la concessione e non garantiscono l’esito delle richieste.

L’apertura di altri sportelli e la chiusura di sportelli aperti sono concordate per iscritto, anche attraverso la piattaforma, e non richiedono un nuovo protocollo.

# Art. 2 – Impegni dell’Ente

L’Ente si impegna a:

- formare gli operatori degli sportelli, all’avvio e con aggiornamenti periodici;
- mettere a disposizione dell’Amministrazione la piattaforma, la relativa assistenza e i materiali informativi;
- pubblicare gli sportelli nell’elenco della rete, con i recapiti e gli orari comunicati dall’Amministrazione;
- curare i rapporti con i soggetti erogatori e con i servizi di tutoraggio che ricevono le richieste dei cittadini;
- rendere noti i risultati della rete in forma aggregata e anonima.

# Art. 3 – Impegni dell’Amministrazione

L’Amministrazione si impegna a:

- destinare agli sportelli locali accessibili anche alle persone con disabilità, riservati quanto basta al colloquio, e le dotazioni informatiche necessarie;
- assicurare l’apertura al pubblico negli orari comunicati e tenere aggiornati nella piattaforma i recapiti, gli orari e le chiusure;
- individuare un referente del protocollo e un amministratore per la piattaforma, e comunicarne senza indugio la sostituzione;
- registrare nella piattaforma i colloqui e le pratiche, con completezza e nel più breve tempo possibile;
- assistere i cittadini con imparzialità, senza favorire alcun soggetto erogatore, e dare notizia degli sportelli con i propri mezzi di comunicazione.

# Art. 4 – Operatori e formazione

Presso ciascuno sportello opera almeno una persona che ha completato la formazione prevista dall’Ente. Gli operatori sono dipendenti o incaricati dell’Amministrazione: dal presente protocollo non sorge alcun rapporto di lavoro con l’Ente.

L’accesso alla piattaforma è personale. L’Amministrazione lo revoca senza indugio a chi cessa dall’incarico e ne affida le pratiche aperte a un altro operatore.

# Art. 5 – Trattamento dei dati personali

Le Parti trattano i dati personali nel rispetto del regolamento (UE) 2016/679 e del decreto legislativo 30 giugno 2003, n. 196, per le sole finalità del presente protocollo.

L’Amministrazione è titolare del trattamento dei dati dei cittadini che si rivolgono ai propri sportelli. L’Ente gestisce la piattaforma quale responsabile del trattamento, non consulta i fascicoli dei cittadini e si avvale per il monitoraggio di dati aggregati. I rapporti che ne derivano sono regolati da un atto conforme all’articolo 28 del citato regolamento.

I dati di un cittadino sono comunicati a un soggetto erogatore o a un servizio di tutoraggio soltanto con la sua autorizzazione, e nei limiti di essa.

# Art. 6 – Gratuità

I servizi degli sportelli sono gratuiti per i cittadini. La collaborazione tra le Parti non comporta corrispettivi: ciascuna sostiene gli oneri delle attività che le competono. È esclusa ogni forma di compenso per l’invio delle richieste ai soggetti della rete.

# Art. 7 – Durata e rinnovo

Il presente protocollo ha efficacia dal giorno della sua sottoscrizione e dura {years}. Non si rinnova tacitamente: prima della scadenza le Parti possono sottoscrivere un nuovo protocollo, che dal giorno della sottoscrizione sostituisce il presente.

# Art. 8 – Recesso

Ciascuna Parte può recedere con un preavviso scritto di almeno sessanta giorni. In caso di recesso o di scadenza l’Amministrazione assicura che le pratiche aperte siano portate a termine o affidate, d’intesa con l’Ente, a un altro sportello della rete.

L’Ente può sospendere l’operatività degli sportelli in caso di gravi inadempienze, dopo averle contestate per iscritto e avere assegnato un termine per porvi rimedio.

# Art. 9 – Sottoscrizione e disposizioni finali

Il presente protocollo, predisposto dall’Ente e trasmesso il {today} con il numero {number}, è sottoscritto con firma digitale, ai sensi dell’articolo 15, comma 2-bis, della legge 7 agosto 1990, n. 241, e si perfeziona con la sua restituzione all’Ente.

Le Parti si adoperano per comporre in via amichevole ogni questione che sorga dall’applicazione del protocollo. Per quanto non previsto si applicano le norme vigenti in materia di accordi tra amministrazioni pubbliche.
""",
)

LENDER = FirstText(
    "Accordo di adesione alla rete per i soggetti erogatori",
    3,
    """\
Accordo tra {ente}, di seguito «Ente», e {organisation}, codice fiscale {fiscal_code}, con sede in {address}, di seguito «Erogatore»; insieme, le «Parti».

# Premesse

Le Parti premettono che:

- l’Ente promuove la rete MICRO-WORK, nella quale gli sportelli delle amministrazioni pubbliche orientano i cittadini e le microimprese verso il microcredito e verso altri strumenti di finanziamento;
- l’Erogatore è autorizzato a concedere finanziamenti ed è iscritto nell’albo o nell’elenco previsto dal decreto legislativo 1° settembre 1993, n. 385, come dichiara nella piattaforma informatica della rete, di seguito «piattaforma»;
- l’Erogatore intende ricevere le richieste dei cittadini che gli sportelli gli inviano.

Le premesse sono parte integrante del presente accordo.

# Art. 1 – Oggetto

Il presente accordo disciplina l’adesione dell’Erogatore alla rete, l’invio delle richieste da parte degli sportelli e la comunicazione del loro esito.

L’invio di una richiesta non obbliga l’Erogatore a concedere il finanziamento: ogni valutazione del merito di credito, ogni decisione e ogni rischio restano esclusivamente suoi.

# Art. 2 – Impegni dell’Ente

L’Ente si impegna a:

- mettere a disposizione dell’Erogatore la piattaforma e la relativa assistenza;
- formare gli operatori degli sportelli affinché le richieste giungano complete;
- garantire che l’orientamento dei cittadini sia imparziale e che la scelta dell’Erogatore resti libera;
- non pretendere né riconoscere compensi per l’invio delle richieste.

# Art. 3 – Impegni dell’Erogatore

L’Erogatore si impegna a:

- dichiarare nella piattaforma i prodotti offerti, i territori, gli importi, i destinatari e il numero di richieste che può esaminare ogni mese, e a tenerli aggiornati;
- rispondere alle richieste entro il tempo che ha dichiarato, motivando il rifiuto con una delle ragioni previste;
- comunicare le tappe della pratica e del finanziamento concesso, fino alla sua estinzione;
- applicare condizioni trasparenti e, per il microcredito, prestare o far prestare i servizi ausiliari di assistenza e monitoraggio previsti dal decreto del Ministro dell’economia e delle finanze 17 ottobre 2014, n. 176;
- comunicare senza indugio ogni variazione della propria iscrizione all’albo o all’elenco.

# Art. 4 – Operatori e formazione

L’Erogatore individua le persone che accedono alla piattaforma e un referente dell’accordo, e partecipa agli incontri di aggiornamento promossi dall’Ente. L’accesso è personale ed è revocato senza indugio a chi cessa dall’incarico.

# Art. 5 – Trattamento dei dati personali

L’Erogatore tratta quale titolare autonomo i dati che riceve, nel rispetto del regolamento (UE) 2016/679 e del decreto legislativo 30 giugno 2003, n. 196, per il solo esame della richiesta e per la gestione dell’eventuale finanziamento. I dati gli sono comunicati con l’autorizzazione del cittadino e nei limiti di essa.

Quando la richiesta è affidata ad altri, o non ha seguito, l’Erogatore cancella i dati che la legge non gli impone di conservare.

# Art. 6 – Gratuità

L’adesione alla rete e l’uso della piattaforma sono gratuiti. L’Erogatore non addebita al cittadino alcun costo per l’intervento dello sportello o dell’Ente.

# Art. 7 – Durata e rinnovo

Il presente accordo ha efficacia dal giorno della sua sottoscrizione e dura {years}. Non si rinnova tacitamente: prima della scadenza le Parti possono sottoscrivere un nuovo accordo, che dal giorno della sottoscrizione sostituisce il presente.

# Art. 8 – Recesso

Ciascuna Parte può recedere con un preavviso scritto di almeno sessanta giorni. Il recesso non tocca i finanziamenti già concessi né l’obbligo di comunicare l’esito delle richieste già ricevute.

L’Ente può sospendere l’invio delle richieste se l’Erogatore perde i requisiti di legge o non risponde ripetutamente nei tempi dichiarati.

# Art. 9 – Sottoscrizione e disposizioni finali

Il presente accordo, predisposto dall’Ente e trasmesso il {today} con il numero {number}, è sottoscritto con firma digitale e si perfeziona con la sua restituzione all’Ente.

Le Parti si adoperano per comporre in via amichevole ogni questione che sorga dall’applicazione dell’accordo.
""",
)

TUTOR = FirstText(
    "Accordo di adesione alla rete per i servizi di tutoraggio",
    3,
    """\
Accordo tra {ente}, di seguito «Ente», e {organisation}, codice fiscale {fiscal_code}, con sede in {address}, di seguito «Tutor»; insieme, le «Parti».

# Premesse

Le Parti premettono che:

- il decreto del Ministro dell’economia e delle finanze 17 ottobre 2014, n. 176, prevede che al microcredito si accompagnino servizi ausiliari di assistenza e monitoraggio dei soggetti finanziati;
- l’Ente promuove la rete MICRO-WORK e tiene l’elenco nazionale obbligatorio degli operatori in servizi non finanziari ausiliari di assistenza e monitoraggio per il microcredito;
- il Tutor è iscritto nell’elenco, come dichiara nella piattaforma informatica della rete, di seguito «piattaforma», e intende accompagnare chi avvia un’attività con il sostegno della rete.

Le premesse sono parte integrante del presente accordo.

# Art. 1 – Oggetto

Il presente accordo disciplina l’adesione del Tutor alla rete, la presa in carico delle richieste inviate dagli sportelli e dai soggetti erogatori, e la registrazione dei servizi prestati.

# Art. 2 – Impegni dell’Ente

L’Ente si impegna a:

- mettere a disposizione del Tutor la piattaforma e la relativa assistenza;
- far conoscere agli sportelli e ai soggetti erogatori i servizi che il Tutor offre;
- garantire che la scelta del servizio di tutoraggio resti libera e l’orientamento imparziale;
- promuovere l’aggiornamento professionale dei tutor della rete.

# Art. 3 – Impegni del Tutor

Il Tutor si impegna a:

- dichiarare nella piattaforma i servizi offerti, i territori, i destinatari e il numero di persone che può seguire ogni mese, e a tenerli aggiornati;
- rispondere alle richieste entro il tempo che ha dichiarato;
- sostenere le persone nella definizione dell’idea e del piano d’impresa, nell’accesso al finanziamento e nella fase di rimborso;
- registrare nella piattaforma i servizi prestati, con la loro data e il loro contenuto essenziale;
- comunicare senza indugio ogni variazione della propria iscrizione nell’elenco.

# Art. 4 – Operatori e formazione

Il Tutor si avvale di persone con competenze adeguate e individua un referente dell’accordo. L’accesso alla piattaforma è personale ed è revocato senza indugio a chi cessa dall’incarico, le cui pratiche aperte sono affidate a un’altra persona.

# Art. 5 – Trattamento dei dati personali

Il Tutor tratta i dati che riceve nel rispetto del regolamento (UE) 2016/679 e del decreto legislativo 30 giugno 2003, n. 196, per i soli servizi richiesti. I dati gli sono comunicati con l’autorizzazione della persona interessata e nei limiti di essa; il Tutor mantiene la riservatezza anche dopo la fine del servizio.

# Art. 6 – Gratuità

L’adesione alla rete e l’uso della piattaforma sono gratuiti. Il Tutor non riconosce e non riceve compensi per l’invio delle richieste; i servizi inviati dagli sportelli sono gratuiti per le persone interessate, salvo quanto il soggetto erogatore dichiara in modo trasparente nelle condizioni del finanziamento.

# Art. 7 – Durata e rinnovo

Il presente accordo ha efficacia dal giorno della sua sottoscrizione e dura {years}. Non si rinnova tacitamente: prima della scadenza le Parti possono sottoscrivere un nuovo accordo, che dal giorno della sottoscrizione sostituisce il presente.

# Art. 8 – Recesso

Ciascuna Parte può recedere con un preavviso scritto di almeno sessanta giorni. Il Tutor porta a termine i servizi già avviati, o li affida, d’intesa con l’Ente e con la persona interessata, a un altro servizio della rete.

L’Ente può sospendere l’invio delle richieste se il Tutor perde i requisiti o non risponde ripetutamente nei tempi dichiarati.

# Art. 9 – Sottoscrizione e disposizioni finali

Il presente accordo, predisposto dall’Ente e trasmesso il {today} con il numero {number}, è sottoscritto con firma digitale e si perfeziona con la sua restituzione all’Ente.

Le Parti si adoperano per comporre in via amichevole ogni questione che sorga dall’applicazione dell’accordo.
""",
)

FIRST_TEXTS = {"host": HOST, "lender": LENDER, "tutor": TUTOR}
