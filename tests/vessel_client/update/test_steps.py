import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.vessel_client.boxes import make_box
from tests.vessel_client.update.fleet import Runner, place, release, update
from vessel_client.errors import UpdateFailed, UpdateRefused
from vessel_client.store.names import DATABASE_FILE
from vessel_client.update.steps import go_back, install


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(releases=place(tmp_path))


def contents(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_newer_release_runs_and_the_one_before_stays(runner: Runner, tmp_path: Path) -> None:
    install(update(release("1.1")), runner.machine(tmp_path / "box"))
    assert runner.releases.current().version == "1.1"
    assert runner.running == "1.1"
    before = runner.releases.previous()
    assert before is not None
    assert before.version == "1.0"
    home = runner.releases.home("1.1")
    assert home.stat().st_mode & 0o777 == 0o755
    assert list(home.rglob("*.pyc"))


def test_only_the_release_before_is_kept_and_what_a_package_brought(runner: Runner, tmp_path: Path) -> None:
    for version in ("1.1", "1.2", "1.3"):
        install(update(release(version)), runner.machine(tmp_path / "box"))
    kept = {path.name for path in (runner.releases.root / "releases").iterdir()}
    assert kept == {"1.0", "1.2", "1.3"}


def test_a_release_that_does_not_work_here_changes_nothing(runner: Runner, tmp_path: Path) -> None:
    before = contents(runner.releases.root)
    with pytest.raises(UpdateRefused, match=r"1\.1 does not work on this box.*no such setting"):
        install(update(release("1.1"), "no such setting"), runner.machine(tmp_path / "box"))
    assert contents(runner.releases.root) == before
    assert runner.started == []


@pytest.mark.parametrize("kind", ["broken", "unstartable"])
def test_a_release_that_does_not_come_up_gives_way_to_the_one_before(
    runner: Runner, tmp_path: Path, kind: str
) -> None:
    getattr(runner, kind).add("1.1")
    with pytest.raises(UpdateFailed, match=r"1\.1 did not come up, so 1\.0 runs again"):
        install(update(release("1.1")), runner.machine(tmp_path / "box"))
    assert runner.started == ["1.1", "1.0"]
    assert runner.releases.current().version == "1.0"
    assert runner.answers()


def test_where_neither_comes_up_it_is_said(runner: Runner, tmp_path: Path) -> None:
    runner.broken |= {"1.0", "1.1"}
    with pytest.raises(UpdateFailed, match="Neither"):
        install(update(release("1.1")), runner.machine(tmp_path / "box"))
    assert runner.releases.current().version == "1.0"


async def test_a_release_that_changed_the_store_is_not_replaced_by_one_that_cannot_read_it(
    runner: Runner, tmp_path: Path
) -> None:
    box = await make_box(tmp_path)

    class Migrating(Runner):
        def restart(self) -> None:
            super().restart()
            with sqlite3.connect(box.data_dir / DATABASE_FILE) as store:
                store.execute("PRAGMA user_version = 99")
            store.close()

    migrating = Migrating(releases=runner.releases, broken={"1.1"})
    with pytest.raises(UpdateFailed, match="has changed the store"):
        install(update(release("1.1")), migrating.machine(box.data_dir))
    assert runner.releases.current().version == "1.1"
    assert migrating.started == ["1.1"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"issued_at": 1}, "not newer"),
        ({"version": "1.0"}, "not newer"),
        ({"architecture": "amd64"}, "arm64"),
        ({"python": "3.13"}, "Python 3.13"),
    ],
)
def test_a_release_that_is_older_or_for_another_machine_is_refused(
    runner: Runner, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UpdateRefused, match=sentence):
        install(update(release("1.1", **changes)), runner.machine(tmp_path / "box"))
    assert runner.releases.current().version == "1.0"


def test_without_room_nothing_is_unpacked(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    before = contents(runner.releases.root)
    with pytest.raises(UpdateRefused, match="make room"):
        install(update(release("1.1")), runner.machine(tmp_path / "box"))
    assert contents(runner.releases.root) == before


def test_what_a_power_cut_left_of_an_update_goes_with_the_next(runner: Runner, tmp_path: Path) -> None:
    left = runner.releases.room_for("0.9")
    (left / "half").write_text("")
    install(update(release("1.1")), runner.machine(tmp_path / "box"))
    assert not left.exists()


def test_the_way_back_is_a_way_forth_too(runner: Runner, tmp_path: Path) -> None:
    machine = runner.machine(tmp_path / "box")
    install(update(release("1.1")), machine)
    assert go_back(machine).version == "1.0"
    assert runner.running == "1.0"
    assert go_back(machine).version == "1.1"
    assert runner.running == "1.1"


def test_there_is_no_way_back_from_the_first_release(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(UpdateRefused, match="no release before"):
        go_back(runner.machine(tmp_path / "box"))


def test_a_machine_that_runs_no_box_gets_its_release_all_the_same(runner: Runner, tmp_path: Path) -> None:
    machine = runner.machine(tmp_path / "box")
    install(
        update(release("1.1")),
        type(machine)(
            releases=machine.releases,
            data_dir=machine.data_dir,
            unit=None,
            answers=machine.answers,
            patience_s=machine.patience_s,
        ),
    )
    assert runner.releases.current().version == "1.1"
    assert runner.started == []
