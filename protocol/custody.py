"""What becomes of a bundle: the states that a person sees, and the only steps between them."""

from enum import IntEnum

from protocol.errors import IllegalTransition


class Custody(IntEnum):
    """Where a message is. A person sees the name of the state in words, never "sent"."""

    ON_THE_BOX = 0
    LEFT_THE_BOAT = 1
    REACHED_THE_NGO = 2
    OPENED_BY_A_PERSON = 3
    EXPIRED = 4
    """Its lifetime ended before it could leave; only where the sender set one."""


class Step(IntEnum):
    """What can happen to a bundle."""

    STORED = 1
    """The relay gave a receipt after a durable commit."""
    FETCHED = 2
    OPENED = 3
    LIFETIME_ENDED = 4


TRANSITIONS: dict[tuple[Custody, Step], Custody] = {
    (Custody.ON_THE_BOX, Step.STORED): Custody.LEFT_THE_BOAT,
    # The desk's word may overtake the relay's receipt, which a cut can swallow; each implies those before it.
    (Custody.ON_THE_BOX, Step.FETCHED): Custody.REACHED_THE_NGO,
    (Custody.ON_THE_BOX, Step.OPENED): Custody.OPENED_BY_A_PERSON,
    (Custody.ON_THE_BOX, Step.LIFETIME_ENDED): Custody.EXPIRED,
    (Custody.LEFT_THE_BOAT, Step.STORED): Custody.LEFT_THE_BOAT,
    (Custody.LEFT_THE_BOAT, Step.FETCHED): Custody.REACHED_THE_NGO,
    (Custody.LEFT_THE_BOAT, Step.OPENED): Custody.OPENED_BY_A_PERSON,
    (Custody.REACHED_THE_NGO, Step.STORED): Custody.REACHED_THE_NGO,
    (Custody.REACHED_THE_NGO, Step.FETCHED): Custody.REACHED_THE_NGO,
    (Custody.REACHED_THE_NGO, Step.OPENED): Custody.OPENED_BY_A_PERSON,
    (Custody.OPENED_BY_A_PERSON, Step.STORED): Custody.OPENED_BY_A_PERSON,
    (Custody.OPENED_BY_A_PERSON, Step.FETCHED): Custody.OPENED_BY_A_PERSON,
    (Custody.OPENED_BY_A_PERSON, Step.OPENED): Custody.OPENED_BY_A_PERSON,
    # A receipt that was under way when the lifetime ended still tells the truth.
    (Custody.EXPIRED, Step.STORED): Custody.LEFT_THE_BOAT,
    (Custody.EXPIRED, Step.FETCHED): Custody.REACHED_THE_NGO,
    (Custody.EXPIRED, Step.OPENED): Custody.OPENED_BY_A_PERSON,
}


def advance(state: Custody, step: Step) -> Custody:
    """Return the state after `step`; raises `IllegalTransition` where the table has no such step."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise IllegalTransition(f"{step.name} cannot happen to a bundle that is {state.name}") from None
