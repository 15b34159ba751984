"""Where a desk's office hears that something waits, and what became of each notice."""

import argparse
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

from protocol.ids import UnixSeconds
from shore_relay.post.webhook import new_secret
from shore_relay.relay.admin import find_desk
from shore_relay.relay.app import unix_time
from shore_relay.relay.commands.frame import STORE_ERRORS, Command, Example, as_json, say
from shore_relay.relay.errors import NoticeRefused, SecretUnreadable, UnknownDelivery, UnknownDesk
from shore_relay.relay.notices.sending import is_address, is_safe_url, load_post
from shore_relay.relay.settings import load_settings
from shore_relay.relay.store.deliveries import DeliveryStore
from shore_relay.relay.store.delivery_rows import Delivery, NoticeChannel, Way
from shore_relay.relay.store.opening import open_store

_ALL = "all"


def _notify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the desk's name or id")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--email", metavar="ADDRESS", help="tell this address")
    where.add_argument("--webhook", metavar="URL", help="post there, signed; prints the secret")
    parser.add_argument("--stop", action="store_true", help="tell nobody there any more")


async def _notify(options: argparse.Namespace, folder: Path) -> None:
    settings = load_settings(folder)
    way, address = (Way.EMAIL, options.email) if options.email else (Way.WEBHOOK, options.webhook)
    if not options.stop:
        _require_usable(way, address)
        if way is Way.EMAIL and load_post(folder, settings.notices).account is None:
            raise NoticeRefused("E-mail needs a mail server: set smtp_host and smtp_from under [notices].")
    async with await open_store(folder, settings) as store:
        desk = find_desk(await store.desk_cards(), options.name)
        deliveries = DeliveryStore(store)
        if options.stop:
            known = await deliveries.remove_channel(NoticeChannel(desk=desk.id, way=way, address=address))
            say("Nobody is told there any more." if known else "Nobody was told there; nothing was changed.")
            return
        secret = new_secret(secrets.token_bytes) if way is Way.WEBHOOK else ""
        channel = NoticeChannel(desk=desk.id, way=way, address=address, secret=secret)
        await deliveries.add_channel(channel, unix_time())
    say(f"The office of {desk.name} is told there when its desk lets something wait.")
    if secret:
        say(f"The receiver checks signatures with this secret, which is not shown again: {secret}")


def _require_usable(way: Way, address: str) -> None:
    if way is Way.EMAIL and not is_address(address):
        raise NoticeRefused("--email must be an address, such as office@example.org.")
    if way is Way.WEBHOOK and not is_safe_url(address):
        raise NoticeRefused("--webhook must begin with https://, unless it is on this machine.")


def _deliveries_arguments(parser: argparse.ArgumentParser) -> None:
    as_json(parser)
    parser.add_argument(
        "--replay", action="append", metavar="ID|all", help="try what was given up again; may come repeatedly"
    )


async def _deliveries(options: argparse.Namespace, folder: Path) -> None:
    async with await open_store(folder, load_settings(folder)) as store:
        deliveries = DeliveryStore(store)
        if options.replay:
            again = await deliveries.replay(_ids(options.replay), unix_time())
            say(f"{again} notices are tried again; a relay that serves does so within half a minute.")
            return
        listed = await deliveries.listed()
    if options.json:
        say(json.dumps({"deliveries": [_document(each) for each in listed]}, indent=2))
        return
    say("\n".join(map(_line, listed)) if listed else "No notice was ever made, or all are long delivered.")


def _ids(words: list[str]) -> list[bytes] | None:
    if _ALL in words:
        return None
    try:
        return [bytes.fromhex(word) for word in words]
    except ValueError:
        raise UnknownDelivery("An id has 32 hexadecimal digits; see `seavoice-relay deliveries`.") from None


def _document(delivery: Delivery) -> dict[str, str | int | None]:
    return {
        "id": delivery.id.hex(),
        "desk": delivery.desk.hex(),
        "desk_name": delivery.desk_name,
        "way": delivery.way.value,
        "address": delivery.address,
        "state": delivery.state.value,
        "made_at": delivery.made_at,
        "due_at": delivery.due_at,
        "attempts": delivery.attempts,
        "trouble": delivery.trouble or None,
        "settled_at": delivery.settled_at or None,
    }


def _line(delivery: Delivery) -> str:
    trouble = f"  {delivery.trouble}" if delivery.trouble else ""
    return (
        f"{delivery.id.hex()}  {_time(delivery.made_at)}  {delivery.state.value:<9}  {delivery.desk_name}  "
        f"{delivery.way.value} {delivery.address}  attempts {delivery.attempts}{trouble}"
    )


def _time(at: UnixSeconds) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


COMMANDS = (
    Command(
        words=("desk", "notify"),
        summary="tell a desk's office when its desk lets something wait",
        description=(
            "Sends an e-mail, or a webhook signed as standardwebhooks.com describes, when bundles have "
            "waited for a desk longer than notices.after_minutes. It says that somebody should look, and "
            "nothing of what waits."
        ),
        arguments=_notify_arguments,
        run=_notify,
        examples=(
            Example(line="seavoice-relay desk notify Haven --email office@haven.example", does="by e-mail"),
            Example(
                line="seavoice-relay desk notify Haven --webhook https://haven.example/hook",
                does="prints the secret for the receiver",
            ),
            Example(
                line="seavoice-relay desk notify Haven --email office@haven.example --stop",
                does="no more, not even what is on its way",
            ),
        ),
        errors=(UnknownDesk, NoticeRefused, SecretUnreadable, *STORE_ERRORS),
    ),
    Command(
        words=("deliveries",),
        summary="show notices to desks' offices, and replay what was given up",
        description=(
            "Shows what is dead first, then what waits, then what was delivered in the last days. A notice "
            "that nobody takes is tried again for nine hours, then it is dead and an alarm."
        ),
        arguments=_deliveries_arguments,
        run=_deliveries,
        examples=(
            Example(line="seavoice-relay deliveries --json", does="for programs"),
            Example(line="seavoice-relay deliveries --replay all", does="the mail server is mended"),
        ),
        errors=(UnknownDelivery, *STORE_ERRORS),
    ),
)
