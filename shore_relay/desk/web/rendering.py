"""Templates, filled with texts from the catalogue; everything from outside is escaped."""

from collections.abc import Mapping
from pathlib import Path

import jinja2

from protocol.message import WellBeing
from shore_relay.desk.first_words import first_words
from shore_relay.desk.store.records import DispatchState
from shore_relay.desk.trust import Origin
from shore_relay.desk.words import LANGUAGES, Words

FOLDER = Path(__file__).parent


class Renderer:
    """Turns a template's name and values into a page."""

    def __init__(self, words: Words) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            w=words,
            LANGUAGES=LANGUAGES,
            first_words=lambda entry: first_words(entry, words),
            Origin=Origin,
            DispatchState=DispatchState,
            WellBeing=WellBeing,
        )

    def page(self, template: str, values: Mapping[str, object]) -> str:
        """Return the HTML of a template."""
        return self._environment.get_template(template).render(values)
