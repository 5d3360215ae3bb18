"""Words that files have for yes and no, and for alive and dead. In lower case, without blanks."""

from __future__ import annotations

YES = ("true", "1", "yes", "y", "oui", "o", "vrai")
NO = ("false", "0", "no", "n", "non", "faux")
NO_VALUE = ("null", "none", "nan", "na", "n/a", "-")
ALIVE = ("", *NO, "0.0", *NO_VALUE, "alive", "living", "vivant", "vivante", "en vie")
DEAD = (*YES, "1.0", "dead", "deceased", "died", "décédé", "décédée", "decede", "decedee", "mort")
