"""Which labels are spoken, and the list of those that have a sound."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from protocol.priming import Language

Source = Literal["native", "synthetic", "none"]

FORMAT = "ogg"

_NEVER_SPOKEN = ("_meta", "technician.", "when.", "error.code")
"""For the technician, or parts of a sentence that is not spoken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """The folder with one folder of sounds for each language, and the folder with the catalogues."""

    sounds: Path
    locales: Path

    def texts(self, language: Language) -> dict[str, str]:
        """Return what is spoken in this language, by key: all that has no number to fill in."""
        catalogue = json.loads((self.locales / f"{language.tag}.json").read_text("utf-8"))
        return {
            key: text
            for key, text in catalogue.items()
            if not key.startswith(_NEVER_SPOKEN) and "{" not in text
        }

    def path(self, language: Language, key: str) -> Path:
        """Return where the sound of a label belongs."""
        return self.sounds / language.tag / f"{key}.{FORMAT}"

    def source(self, language: Language) -> Source:
        """Return what the list says about the voice of this language."""
        listed = self._listed().get(language.tag, {}).get("source", "none")
        return "native" if listed == "native" else "synthetic" if listed == "synthetic" else "none"

    def write_index(self, sources: Mapping[Language, Source]) -> None:
        """Write the list anew from the files; `sources` says which languages change theirs."""
        index = {}
        for language in Language:
            keys = [key for key in self.texts(language) if self.path(language, key).is_file()]
            # Sounds of a language that had none came from a person: what is synthetic says so itself.
            source = sources.get(language, self.source(language)) if keys else "none"
            if keys and source == "none":
                source = "native"
            index[language.tag] = {"source": source, "format": FORMAT, "keys": keys}
        lines = [f"  {json.dumps(tag)}: {json.dumps(entry)}" for tag, entry in index.items()]
        (self.sounds / "index.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    def _listed(self) -> Mapping[str, Mapping[str, object]]:
        index = json.loads((self.sounds / "index.json").read_text("utf-8"))
        assert isinstance(index, dict)
        return index
