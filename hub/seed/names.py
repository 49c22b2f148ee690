"""Names to invent people from. Within a list no two share the letters that a codice fiscale takes from them, so that
people who differ by name, sex or birth date differ by codice fiscale too.
"""

from typing import NamedTuple


class Names(NamedTuple):
    """`born_in` are cadastral codes; empty for people born in Italy, whose place depends on where they live."""

    family: tuple[str, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]
    born_in: tuple[str, ...] = ()


def _list(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


ITALY = Names(
    family=_list(
        """
        Esposito, Russo, Romano, Colombo, Ricci, Marino, Greco, Bruno, Gallo, Conti, De Luca, Mancini, Costa,
        Giordano, Rizzo, Lombardi, Moretti, Barbieri, Fontana, Santoro, Rinaldi, Caruso, Ferrara, Leone, Longo,
        Gentile, Vitale, Serra, Coppola, De Santis, D'Angelo, Marchetti, Parisi, Villa, Fabbri, Bianco, Grasso,
        Valentini, Messina, Sala, Gatti, Pellegrini, Palumbo, Sanna, Farina, Monti, Cattaneo, Morelli, Amato,
        Silvestri, Mazza, Testa, Carbone, Giuliani, Benedetti, Caputo, Guerra, Fiore, De Rosa, Bellini, Basile,
        Riva, Donati, Battaglia, Sartori, Neri, Milani, Pagano, Ruggiero, D'Amico, Orlando, Negri, Sanfilippo,
        Aiello, Albanese, Bevilacqua, Calabrese, Cirillo, Cuomo, Di Stefano, Fusco, Iannone, Lamanna, Macrì,
        Napolitano, Oliva, Perrone, Quaranta, Rotondo, Scarpa, Tedesco, Urso, Vaccaro, Zito, Abate, Boccia,
        Cannavacciuolo, De Felice, Errico, Falcone, Guida, Imparato, Liguori, Mastroianni, Nardelli, Occhipinti,
        Pugliese, Ragusa, Schiavone, Tarantino, Ventura, Zappalà, Alaimo, Bonanno, Cusumano, Di Mauro, Fazio,
        Gagliano, Indelicato, La Rosa, Mangano, Nicolosi, Raciti, Spataro, Torrisi, Virzì, Arcuri, Chirico,
        Dattilo, Foti, Iacopino, Laganà, Minniti, Nucera, Origlia, Praticò, Romeo, Surace, Tripodi, Zema,
        Attanasio, Cavaliere, Del Gaudio, Formisano, Gargiulo, Iovine, Laudadio, Maresca, Nappi, Orefice,
        Pisacane, Savarese, Tramontano, Binetti, Cassano, Di Bari, Gravina, Introna, Patruno, Turturro, Volpe,
        Zaccaria, Accardi, Cascio, Di Gangi, Graziano, Lo Presti, Mirabella, Noto, Palazzolo, Scaduto, Belcastro,
        Colosimo, Papaleo, Scalise, Talarico, Veraldi, Agnello, Brigandì, Di Pietro, Floridia, Giummarra, Iozzia,
        Licitra, Scivoletto, Tumino, Antonacci, Bufano, Capozza, Dellisanti, Epifani, Frascella, Giannuzzi,
        Liuzzi, Miccoli, Pastore, Quarta, Stefanelli, Toma, Vergari
        """
    ),
    women=_list(
        """
        Maria, Anna, Giuseppina, Rosa, Angela, Giovanna, Teresa, Lucia, Carmela, Caterina, Francesca, Antonietta,
        Concetta, Rita, Immacolata, Assunta, Elena, Paola, Laura, Silvia, Chiara, Federica, Martina, Giulia, Sara,
        Valentina, Alessia, Roberta, Simona, Daniela, Patrizia, Monica, Barbara, Cristina, Emanuela, Fabiana,
        Gabriella, Ilaria, Jessica, Katia, Loredana, Michela, Nunzia, Ornella, Pina, Raffaella, Serena, Tiziana,
        Ursula, Veronica, Alba, Beatrice, Claudia, Debora, Eleonora, Floriana, Grazia, Irene, Letizia, Marianna,
        Noemi, Olga, Tania, Viviana, Annalisa, Luisa, Miriam
        """
    ),
    men=_list(
        """
        Antonio, Giuseppe, Francesco, Salvatore, Vincenzo, Luigi, Pasquale, Domenico, Gennaro, Rosario, Michele,
        Raffaele, Ciro, Carmine, Gaetano, Nicola, Angelo, Pietro, Rocco, Cosimo, Davide, Alessandro, Andrea,
        Matteo, Lorenzo, Simone, Riccardo, Federico, Emanuele, Fabio, Claudio, Daniele, Stefano, Roberto, Massimo,
        Giorgio, Alfonso, Biagio, Calogero, Diego, Edoardo, Filippo, Gianluca, Ivan, Leonardo, Oreste, Paolo,
        Renato, Sergio, Tommaso, Umberto, Vito, Alberto, Bruno, Cristian, Dario, Enrico, Giacomo, Marco, Mirko,
        Nunzio, Ottavio, Piero, Samuele, Valerio, Walter, Gabriele
        """
    ),
)

ABROAD = (
    Names(
        family=_list("Popescu, Ionescu, Dumitru, Stan, Radu, Munteanu, Ciobanu"),
        women=_list("Mihaela, Elena, Ioana, Andreea, Cristina, Roxana"),
        men=_list("Adrian, Ionut, Bogdan, Florin, Mihai, Sorin"),
        born_in=("Z129",),
    ),
    Names(
        family=_list("Hoxha, Shehu, Marku, Gjoka, Leka, Prifti, Kola"),
        women=_list("Arta, Blerina, Mirela, Teuta, Vjosa, Elira"),
        men=_list("Arben, Besnik, Gentian, Ilir, Luan, Petrit"),
        born_in=("Z100",),
    ),
    Names(
        family=_list("El Amrani, Benali, Bouzid, Haddad, Tazi, Idrissi, Chraibi"),
        women=_list("Fatima, Aicha, Khadija, Samira, Naima, Zineb"),
        men=_list("Youssef, Mohamed, Karim, Hassan, Rachid, Tarik"),
        born_in=("Z330",),
    ),
    Names(
        family=_list("Kovalenko, Shevchenko, Bondarenko, Melnyk, Tkachenko, Petrenko, Rudenko"),
        women=_list("Oksana, Natalia, Iryna, Halyna, Svitlana, Yulia"),
        men=_list("Oleksandr, Dmytro, Andriy, Mykola, Taras, Vasyl"),
        born_in=("Z138",),
    ),
    Names(
        family=_list("Okafor, Adeyemi, Balogun, Eze, Musa, Nwosu, Ibrahim"),
        women=_list("Ngozi, Blessing, Chioma, Folake, Adaeze, Grace"),
        men=_list("Chinedu, Emeka, Tunde, Femi, Kelechi, Samuel"),
        born_in=("Z335",),
    ),
    Names(
        family=_list("Rahman, Hossain, Islam, Ahmed, Chowdhury, Miah, Sarkar"),
        women=_list("Shirin, Nasrin, Farhana, Rokeya, Salma, Taslima"),
        men=_list("Imran, Jahangir, Kamal, Mizan, Rafiq, Shahin"),
        born_in=("Z249",),
    ),
)
