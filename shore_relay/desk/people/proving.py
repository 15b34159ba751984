"""The second step of a login: each code and each proof counts once."""

from shore_relay.desk.app import Desk
from shore_relay.desk.errors import WrongSecondFactor
from shore_relay.desk.people import second_factor
from shore_relay.desk.people.person import Person
from shore_relay.desk.store import people as stored


async def prove_code(desk: Desk, person: Person, code: str) -> None:
    """Take a one-time code, or raise `WrongSecondFactor`."""
    if not person.code_secret:
        raise WrongSecondFactor("This person uses no one-time codes here.")
    step = second_factor.code_step(person.code_secret, code, desk.now())
    async with desk.database.transaction() as connection:
        if not await stored.note_use(connection, second_factor.code_factor(person), step):
            raise WrongSecondFactor("This code was used already. Wait for the next one.")


async def prove_passkey(desk: Desk, person: Person, credential: str, challenge: bytes, origin: str) -> None:
    """Take a passkey's proof for this challenge, or raise `WrongSecondFactor`."""
    passkey = second_factor.named_passkey(person, credential)
    factor = second_factor.passkey_factor(passkey)
    async with desk.database.transaction() as connection:
        used = await stored.last_use(connection, factor)
        count = second_factor.check_passkey(passkey, credential, challenge, origin, used)
        # Many authenticators do not count and always say 0.
        if count:
            await stored.note_use(connection, factor, count)
