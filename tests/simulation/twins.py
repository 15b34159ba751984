"""A box whose disk was copied: two vessels with the same credentials at sea, until somebody takes one off."""

import random
from pathlib import Path

from protocol.frames import Priority
from protocol.ids import MailboxId
from protocol.links import LinkKind, Side
from tests.simulation.box import Box, Request
from tests.simulation.disk import Disk
from tests.simulation.harbour import MAILBOX, Berth, desk_key
from tests.simulation.inline import run
from tests.simulation.invariants import Rules, Way
from tests.simulation.shore import Shore
from tests.simulation.sky import Bearer, End, StreamBearer
from tests.simulation.voyage import Voyage
from vessel_client.store import inbox
from vessel_client.store.database import DATABASE_FILE, open_database

SHARE = 0.025
"""Of all fleets, those in which somebody copies a box's card."""
CUTS = 4
CUT_S = 300.0
NOTICED_S = 4_000.0
"""After about so long somebody notices, and takes the copy off once nothing waits in it."""


class Twins:
    """The copy of one box of a fleet, where somebody makes one."""

    def __init__(self, seed: int, folder: Path, disks: dict[Path, Disk], shore: Shore) -> None:
        self._source = random.Random(f"twin of fleet {seed}")
        self._has_one = self._source.random() < SHARE
        self._folder = folder
        self._disks = disks
        self._shore = shore
        self.last_said_s = 0.0
        """When somebody speaks to the copy for the last time."""

    def plan(self, voyages: list[Voyage], storm_s: float) -> None:
        """Let somebody copy a disk, speak to the copy, and take it off some day."""
        able = [voyage for voyage in voyages if may_have_twin(voyage.box)]
        if not self._has_one or not able:
            return
        source, world = self._source, self._shore.world
        voyage = source.choice(able)
        at_s = source.uniform(0.1, 0.7) * storm_s
        world.at(at_s, lambda: self._copy(voyage))
        for number in range(source.randint(1, 4)):
            said_s = at_s + 1 + source.expovariate(1 / 2_000.0)
            self.last_said_s = max(self.last_said_s, said_s)
            request = Request(
                ref=number.to_bytes(16),
                priority=source.choice(tuple(Priority)),
                desk_key=desk_key(voyage.desk).id,
                sealed=source.randbytes(174),
            )
            world.at(said_s, lambda request=request: _say(voyage, request))

    def _copy(self, voyage: Voyage) -> None:
        self._shore.faults.count("disk-copied")
        self._shore.world.say(f"somebody copies the disk of {voyage.box.name}")
        voyage.twin = copy_box(voyage.box, self._folder, self._disks, self._shore, self._source)
        voyage.had_twin = True
        self._shore.world.after(self._source.expovariate(1 / NOTICED_S), lambda: self._take_off(voyage))

    def _take_off(self, voyage: Voyage) -> None:
        """Somebody noticed: once nothing waits in the copy, only one box goes on."""
        twin, world = voyage.twin, self._shore.world
        assert twin is not None
        all_said = world.now_s > self.last_said_s and twin.rules.up.made <= twin.rules.up.promised.keys()
        if not twin.is_running or twin.queued() or not all_said:
            world.after(NOTICED_S, lambda: self._take_off(voyage))
            return
        voyage.rules.looked_at(sorted(mail_of(twin) | mail_of(voyage.box)))
        twin.close()
        voyage.twin = None


def _say(voyage: Voyage, request: Request) -> None:
    assert voyage.twin is not None
    voyage.twin.submit(request)


def may_have_twin(box: Box) -> bool:
    """Return whether a copy of this box could speak: a modem is one piece and stays where it is."""
    return any(bearer.link.kind is not LinkKind.MESSAGE for bearer in box.bearers.values())


def copy_box(box: Box, folder: Path, disks: dict[Path, Disk], ashore: End, source: random.Random) -> Box:
    """Start a box from a copy of another's disk, in another machine: it finds that out by itself."""
    name = f"{box.name}-twin"
    twin_folder = folder / name
    twin_folder.mkdir()
    box.back_up(twin_folder / DATABASE_FILE)
    disk = disks[twin_folder] = Disk(name, box.faults)
    database = run(open_database(twin_folder))
    twin = Box(
        name,
        Berth(folder=twin_folder, disk=disk),
        database,
        world=box.world,
        faults=box.faults,
        rules=_rules(box),
        tariffs={},
    )
    twin.wall_offset_s = box.wall_offset_s
    disk.quiet = True
    run(twin.begin_elsewhere(b"another machine"))
    disk.quiet = False
    for other in box.bearers.values():
        if other.link.kind is LinkKind.MESSAGE:
            continue
        kind = StreamBearer if other.link.kind is LinkKind.STREAM else Bearer
        bearer = kind(other.vessel, other.link, box.world, box.faults)
        bearer.ends = {Side.VESSEL: twin, Side.RELAY: ashore}
        twin.bearers[other.link.name] = bearer
    _plan_cuts(twin, source)
    twin.start()
    return twin


def _rules(box: Box) -> Rules:
    """Return the rules of the twin: what is said on either box must arrive; each has a mailbox of its own."""
    rules = Rules(f"{box.rules.vessel}-twin", box.rules._nonces, box.rules.counts)
    # As after a restore, a number may be given again and an answer be in one of the boxes only.
    box.rules.restored += 1
    rules.restored = box.rules.restored
    rules.up = box.rules.up
    down = box.rules.down
    rules.down = Way(made=down.made, promised=down.promised, numbers=down.numbers, durable=dict(down.durable))
    return rules


def _plan_cuts(twin: Box, source: random.Random) -> None:
    for _ in range(CUTS):
        bearer = source.choice(sorted(twin.bearers.values(), key=lambda each: each.link.name))
        twin.world.after(source.uniform(0, 20_000), lambda bearer=bearer: _cut(twin, bearer, source))


def _cut(twin: Box, bearer: Bearer, source: random.Random) -> None:
    if bearer.is_up and not twin.faults.healed:
        twin.world.say(f"{twin.name}: {bearer.link.name} is cut")
        twin.faults.count("cut")
        bearer.go_down()
        twin.world.after(source.expovariate(1 / CUT_S), bearer.come_up)


def mail_of(box: Box) -> set[bytes]:
    """Return the answers that lie in a box's mailbox."""
    found = run(inbox.list_mail(box._database._connection, MailboxId(MAILBOX), 10_000))
    return {each.mail.sealed for each in found}
