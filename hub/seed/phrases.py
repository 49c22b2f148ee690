"""What people want money for and what was talked about, in the words of the desks."""

ENTERPRISES: tuple[str, ...] = (
    "Laboratorio di sartoria",
    "Panetteria artigianale",
    "Servizio di assistenza domiciliare",
    "Officina di riparazione biciclette",
    "Studio di grafica",
    "Bar tavola fredda",
    "Negozio di prodotti locali",
    "Impresa di pulizie",
    "Salone di acconciature",
    "Vivaio e manutenzione del verde",
    "Attività di e-commerce di ceramiche",
    "Food truck di cucina regionale",
    "Asilo nido in famiglia",
    "Laboratorio di pasticceria",
    "Servizi di guida turistica",
    "Affittacamere in centro storico",
    "Falegnameria su misura",
    "Impianti elettrici e fotovoltaici",
    "Centro di doposcuola",
    "Apicoltura e vendita di miele",
    "Laboratorio fotografico",
    "Riparazione di telefoni e computer",
    "Palestra di quartiere",
    "Produzione di conserve",
    "Trasporto e consegne in città",
    "Consulenza informatica per piccole imprese",
    "Scuola di musica",
    "Toelettatura per animali",
    "Libreria con sala da tè",
    "Noleggio di attrezzature da mare",
)
HOUSEHOLDS: tuple[str, ...] = (
    "Spese mediche e dentistiche",
    "Acquisto di un’auto usata per andare al lavoro",
    "Caparra e trasloco per una casa in affitto",
    "Corso di formazione professionale",
    "Arretrati di affitto e utenze",
    "Spese scolastiche dei figli",
    "Riparazioni urgenti in casa",
    "Computer e attrezzatura per lavorare da casa",
)
FIRST_NOTES: tuple[str, ...] = (
    "Ha sentito parlare del microcredito al centro per l’impiego. Spiegati importi, durata e servizi ausiliari.",
    "Primo colloquio: idea chiara, nessun preventivo. Consegnato l’elenco dei documenti.",
    "Vuole mettersi in proprio dopo anni di lavoro dipendente. Da valutare i costi di avvio.",
    "È venuto un familiare. Spiegata la differenza fra microcredito d’impresa e sociale.",
    "Chiede tempi e garanzie. Chiarito che non servono garanzie reali.",
    "",
)
HOUSEHOLD_NOTES: tuple[str, ...] = (
    "Spesa imprevista, reddito regolare. Rivisto insieme il bilancio familiare.",
    "Spiegati importi e durata del microcredito sociale; portare buste paga e ISEE.",
    "Chiede quanto può restituire ogni mese senza difficoltà: fatto un primo calcolo.",
    "",
)
LATER_NOTES: tuple[str, ...] = (
    "Portati i preventivi; manca la situazione debitoria.",
    "Rivisti insieme i conti dei prossimi dodici mesi.",
    "Concordati i soggetti erogatori a cui inviare la pratica.",
    "Telefonata di aggiornamento: nessuna novità dall’erogatore.",
    "Documenti completi. Pratica pronta per l’invio.",
    "Discusso l’esito e le alternative possibili.",
    "",
)
DECLINE_NOTES: tuple[str, ...] = (
    "",
    "",
    "Importo non sostenibile con il piano presentato.",
    "Documentazione non aggiornata.",
    "Plafond per quest’anno esaurito.",
)
