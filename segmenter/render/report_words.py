"""The words of a release report, in English and French, for readers without mathematics."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "fr")

SAY: Mapping[str, Mapping[str, str]] = {
    "en": {
        "release": "Release",
        "colon": ":",
        "decimal": ".",
        "moment": "{day} {month} {year}, {time} UTC",
        "months": (
            "January February March April May June July August September October November December"
        ),
        "drawn": "Dark: at least so many. Light: the rest of the 95 % interval.",
        "made": "made",
        "purpose": "purpose",
        "topic": "topic",
        "channels": "channels",
        "as_of": "as of",
        "matched": (
            "people match: the sum of the cells shown below. The exact number of these cells lies"
        ),
        "between": "between",
        "and": "and",
        "sure": "in 95 cases of 100",
        "table": "Counts",
        "patients": "people",
        "interval": "95 % interval",
        "withheld": "withheld",
        "more": "{n} more cells are in the CSV and JSON files beside this page.",
        "withheld_title": "What is withheld, and why",
        "withheld_cells": "Cells withheld",
        "withheld_why": (
            "A cell is withheld when its noisy count is below {limit}: {patients} people, and a "
            "margin of {margin} for the noise. So a cell of fewer than {patients} people shows "
            "with a chance of at most {chance}. People of withheld cells are not contacted."
        ),
        "cost_title": "What it cost",
        "cost": (
            "This release cost {price}. A release is paid before data is read, and is never "
            "refunded. Looking at it again is free."
        ),
        "measured": "Measured",
        "partition": "partition of {n} segments",
        "mechanism": "noise",
        "total": "everyone",
        "method_title": "How it was made",
        "opinion_title": "The three questions of the European data protection authorities (WP216)",
        "geometric": "geometric",
        "discrete_gaussian": "discrete Gaussian",
        "but_rarely": " (but for one chance in a million)",
    },
    "fr": {
        "release": "Publication",
        "colon": "\u00a0:",
        "decimal": ",",
        "moment": "{day} {month} {year} à {time} UTC",
        "months": (
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
        ),
        "drawn": (
            "En foncé\u00a0: l'effectif minimal. En clair\u00a0: le reste de l'intervalle "
            "à 95\u00a0%."
        ),
        "made": "faite le",
        "purpose": "finalité",
        "topic": "thème",
        "channels": "canaux",
        "as_of": "situation au",
        "matched": (
            "personnes correspondent\u00a0: c'est la somme des cases affichées ci-dessous. "
            "L'effectif exact de ces cases est compris"
        ),
        "between": "entre",
        "and": "et",
        "sure": "dans 95 cas sur 100",
        "table": "Effectifs",
        "patients": "personnes",
        "interval": "intervalle à 95\u00a0%",
        "withheld": "non publié",
        "more": "{n} autres cases figurent dans les fichiers CSV et JSON joints à cette page.",
        "withheld_title": "Ce qui n'est pas publié, et pourquoi",
        "withheld_cells": "Cases non publiées",
        "withheld_why": (
            "Une case n'est pas publiée quand son effectif bruité est inférieur à {limit}\u00a0: "
            "{patients} personnes, plus une marge de {margin} pour le bruit. Une case de moins de "
            "{patients} personnes n'apparaît donc qu'avec une probabilité d'au plus {chance}. Les "
            "personnes des cases non publiées ne sont pas contactées."
        ),
        "cost_title": "Ce que cette publication a coûté",
        "cost": (
            "Cette publication a coûté {price}. Elle est payée avant toute lecture des données et "
            "n'est jamais remboursée. La consulter de nouveau ne coûte rien."
        ),
        "measured": "Tableau mesuré",
        "partition": "partition de {n} segments",
        "mechanism": "bruit",
        "total": "toutes les personnes",
        "method_title": "Comment elle a été faite",
        "opinion_title": "Les trois questions des autorités européennes de protection des données "
        "(avis 05/2014 du G29, WP216)",
        "geometric": "géométrique",
        "discrete_gaussian": "gaussien discret",
        "but_rarely": " (sauf une chance sur un million)",
    },
}

METHOD: Mapping[str, tuple[str, ...]] = {
    "en": (
        (
            "Only people whose consent covers this purpose, these channels, this topic and these "
            "categories of data, at the date above, are counted. Records linked to the same human "
            "are counted once."
        ),
        (
            "The declared cells are known before any data is read, and all are counted, empty "
            "ones too. A small random number is then added to each count; it comes from the "
            "operating system's randomness and cannot be repeated. Whether any one person is in "
            "the data hardly changes what is published: how little is the price, epsilon. A "
            "smaller epsilon means more noise and more protection."
        ),
        (
            "Thresholds look at the noisy counts only. If several tables were measured together, "
            "or segments beside them, they were reconciled by weighted least squares, which reads "
            "no more data. Counts are rounded and never shown below zero."
        ),
    ),
    "fr": (
        (
            "Seules sont comptées les personnes dont le consentement couvre cette finalité, ces "
            "canaux, ce thème et ces catégories de données, à la date ci-dessus. Les dossiers "
            "rattachés à une même personne ne comptent qu'une fois."
        ),
        (
            "Les cases sont déclarées avant toute lecture des données, et toutes sont comptées, "
            "même vides. Un petit nombre aléatoire est ensuite ajouté à chaque effectif\u00a0; il "
            "est tiré par le générateur du système d'exploitation et ne peut être reproduit. La "
            "présence d'une personne dans les données ne change presque rien à ce qui est "
            "publié\u00a0: epsilon, le prix, dit combien. Plus epsilon est petit, plus il y a de "
            "bruit et de protection."
        ),
        (
            "Les seuils ne s'appliquent qu'aux effectifs bruités. Si plusieurs tableaux ont été "
            "mesurés ensemble, ou des segments en plus, ils sont rendus cohérents par moindres "
            "carrés pondérés, sans relire les données. Les effectifs sont arrondis et ne sont "
            "jamais affichés au-dessous de zéro."
        ),
    ),
}

OPINION: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (
        (
            "Can one person be singled out?",
            (
                "No count of this table belongs to one person: cells of fewer than {patients} "
                "people are withheld, and every count carries noise. From this release alone, "
                "nobody's presence can be told with odds better than {odds} times what they were "
                "before."
            ),
        ),
        (
            "Can records about one person be linked?",
            (
                "The release holds no record and no identifier, only noisy counts. Linking it "
                "with other data gives no more than the odds above, whatever the other data are; "
                "several releases add up, and the budget bounds their sum."
            ),
        ),
        (
            "Can something be inferred about one person?",
            (
                "What can be inferred about a person is nearly the same whether that person is in "
                "the data or not. What is true of a whole group can be learnt, and may be wrong "
                "for a member of it."
            ),
        ),
    ),
    "fr": (
        (
            "Peut-on isoler une personne\u00a0?",
            (
                "Aucun effectif de ce tableau n'est celui d'une seule personne\u00a0: les cases "
                "de moins de {patients} personnes ne sont pas publiées, et chaque effectif est "
                "bruité. Avec cette seule publication, la présence d'une personne ne peut être "
                "devinée avec une cote supérieure à {odds} fois celle d'avant."
            ),
        ),
        (
            "Peut-on relier entre eux des enregistrements relatifs à une personne\u00a0?",
            (
                "La publication ne contient ni enregistrement ni identifiant, seulement des "
                "effectifs bruités. La croiser avec d'autres données ne donne pas plus que la "
                "cote ci-dessus, quelles que soient ces données\u00a0; plusieurs publications "
                "s'additionnent, et le budget borne leur somme."
            ),
        ),
        (
            "Peut-on déduire des informations concernant une personne\u00a0?",
            (
                "Ce que l'on peut déduire d'une personne est presque le même, qu'elle soit dans "
                "les données ou non. Ce qui est vrai d'un groupe entier peut être appris, et être "
                "faux pour l'un de ses membres."
            ),
        ),
    ),
}
