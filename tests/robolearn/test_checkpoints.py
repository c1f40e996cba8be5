from pathlib import Path

import pytest

from robolearn.checkpoints import CheckpointStore, find_checkpoint
from robolearn.errors import CheckpointError


def write_value(value: str):
    return lambda folder: (folder / "value").write_text(value)


def test_save_puts_a_whole_folder_in_place_and_points_last_to_it(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    folder = store.save(2000, write_value("a"))
    assert folder == tmp_path / "checkpoints" / "update_002000"
    assert (tmp_path / "checkpoints" / "last").readlink() == Path("update_002000")
    assert (store.get_last() / "value").read_text() == "a"
    assert [p.name for p in (tmp_path / "checkpoints").iterdir() if "." in p.name] == []


def test_a_write_that_fails_leaves_the_checkpoint_before_it(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    store.save(1, write_value("a"))

    def fail(folder: Path) -> None:
        (folder / "value").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store.save(2, fail)
    assert (store.get_last() / "value").read_text() == "a"
    assert [p.name for p in store.find_all()] == ["update_000001"]


def test_save_clears_what_a_killed_save_left_behind(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    left = tmp_path / "checkpoints" / ".writing_update_000002"
    left.mkdir(parents=True)
    (left / "value").write_text("half")
    (tmp_path / "checkpoints" / ".writing_last").symlink_to("nowhere")
    store.save(3, write_value("c"))
    assert not left.exists()
    assert (store.get_last() / "value").read_text() == "c"


def test_save_replaces_a_checkpoint_whose_link_was_never_made(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path)
    store.save(1, write_value("a"))
    orphan = tmp_path / "checkpoints" / "update_000002"
    orphan.mkdir()
    store.save(2, write_value("b"))
    assert (store.get_last() / "value").read_text() == "b"


def test_save_keeps_only_the_newest(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, keep_last=2)
    for update in (999_999, 1_000_000, 10_000_000):
        store.save(update, write_value(str(update)))
    assert [p.name for p in store.find_all()] == ["update_1000000", "update_10000000"]


def test_get_last_without_a_checkpoint_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint to resume from in .*checkpoints"):
        CheckpointStore(tmp_path).get_last()


def test_find_checkpoint_takes_a_run_or_a_checkpoint(tmp_path: Path) -> None:
    folder = CheckpointStore(tmp_path).save(5, write_value("a"))
    assert find_checkpoint(tmp_path) == folder.resolve()
    assert find_checkpoint(folder) == folder.resolve()
    with pytest.raises(CheckpointError, match="is not a folder"):
        find_checkpoint(tmp_path / "missing")


def test_find_checkpoint_says_when_a_run_has_none_yet(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(CheckpointError, match="no finished checkpoint"):
        find_checkpoint(tmp_path)
