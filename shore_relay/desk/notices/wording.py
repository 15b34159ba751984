"""The words of a notice: that something waits and how much, never what, whose or from where."""

from shore_relay.desk.notices.model import Counts
from shore_relay.desk.words import Words


def subject_of(counts: Counts, words: Words) -> str:
    """Return the one line that says the most pressing of what waits."""
    if counts.urgent:
        return words("notice.urgent.waits")
    if counts.overdue:
        return words("notice.overdue.waits")
    return words("notice.new.waits") if counts.new else words("notice.test")


def text_of(counts: Counts, words: Words) -> str:
    """Return the whole text."""
    lines = [subject_of(counts, words), ""]
    lines += [words("notice.urgent", number=counts.urgent)] if counts.urgent else []
    lines += [words("notice.overdue", number=counts.overdue)] if counts.overdue else []
    lines += [words("notice.new", number=counts.new)] if counts.new else []
    lines += [""] if counts.total else []
    return "\n".join([*lines, words("notice.why-so-little"), ""])
