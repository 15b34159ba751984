"""One recovery share as a page to print: words, and the same words as a picture; nothing from elsewhere."""

import segno

from shore_relay.desk.people.keys import RecoveryKit
from shore_relay.desk.people.recovery import Share
from shore_relay.desk.web.rendering import Renderer
from shore_relay.desk.words import Words


def kit_page(desk: str, kit: RecoveryKit, share: Share, words: Words) -> bytes:
    """Return the HTML of one share."""
    picture = segno.make(" ".join(share.words), micro=False, error="m")
    values = {
        "desk_name": desk,
        "kit": kit,
        "share": share,
        "picture": picture.svg_inline(border=4, light="#fff", dark="#000", omitsize=True),
    }
    return Renderer(words).page("recovery_share.html", values).encode()
