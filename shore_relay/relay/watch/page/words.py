"""The page's texts, from one catalogue for each of its languages."""

import json
from collections.abc import Mapping
from decimal import Decimal
from importlib import resources

LANGUAGES = ("en", "th")
DEFAULT_LANGUAGE = "en"
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_STEP = 1_000


class Words:
    """One catalogue: `words("login.title")`."""

    def __init__(self, language: str) -> None:
        folder = resources.files("shore_relay.relay.watch.page") / "locales"
        self.language = language
        self._texts: dict[str, str] = json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))

    def __call__(self, key: str, **values: str | int) -> str:
        """Return the text of a key with its values filled in."""
        return self._texts[key].format(**values)

    def alarm(self, code: str, advice: str, values: Mapping[str, str]) -> str:
        """Return an alarm's sentence in this language, or the one that it brings along."""
        key = f"alarm.{code}"
        if values.get("hours") == "" and f"{key}.never" in self._texts:
            key = f"{key}.never"
        return self._texts[key].format(**values) if key in self._texts else advice

    def bearer(self, name: str) -> str:
        """Return a bearer's name for people."""
        return self._texts.get(f"bearer.{name}", name)

    def ago(self, seconds: int) -> str:
        """Return how long something is ago, in its largest whole unit."""
        for key, unit_s in (("days", _DAY_S), ("hours", _HOUR_S), ("minutes", _MINUTE_S)):
            if seconds >= unit_s:
                return self(f"ago.{key}", count=seconds // unit_s)
        return self("ago.now")

    def size(self, size_bytes: int) -> str:
        """Return a size with three digits or so."""
        amount, unit = float(size_bytes), "B"
        for larger in ("kB", "MB", "GB", "TB"):
            if amount < _STEP:
                break
            amount, unit = amount / _STEP, larger
        digits = 0 if unit == "B" or amount >= _STEP / 10 else 1
        return f"{amount:.{digits}f}\N{NO-BREAK SPACE}{unit}"

    def money(self, amount: Decimal, currency: str) -> str:
        """Return an amount of money."""
        return f"{amount:,.2f}\N{NO-BREAK SPACE}{currency}"
