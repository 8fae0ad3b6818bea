"""Files: regular ones alone, and no more of them than a limit; patterns that stay bounded."""

from __future__ import annotations

import gzip
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from mfa import files
from mfa.errors import InputError
from mfa.files import is_pattern, kind_of_file, matching, read_bytes, unpacked
from mfa.limits import FOLDER_ENTRIES, STATED, TABLE_BYTES, TABLE_FILES, Limit

SMALL = Limit(100, "bytes of a test", "write less")


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for size in (0, 1, 100):
        path.write_bytes(b"x" * size)
        assert read_bytes(path, SMALL) == b"x" * size
    path.write_bytes(b"x" * 101)
    with pytest.raises(InputError, match="has 101: at most 100 bytes of a test are accepted"):
        read_bytes(path, SMALL)


def test_what_is_no_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # a socket's path may not be long
        server.bind("socket")
        kinds = {tmp_path / "pipe": "a pipe", tmp_path / "socket": "a socket", tmp_path: "a folder"}
        for path, kind in {**kinds, Path("/dev/zero"): "a device"}.items():
            assert kind_of_file(path) == kind
            with pytest.raises(InputError, match=f"is {kind}, not a file"):
                read_bytes(path, SMALL)


def test_a_link_is_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_bytes(tmp_path / "link", SMALL) == b"a"
    with pytest.raises(InputError, match="a device"):
        read_bytes(tmp_path / "zero", SMALL)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
def test_a_file_that_states_no_size_is_read_as_far_as_its_limit() -> None:
    assert read_bytes(Path("/proc/self/status"), TABLE_BYTES).startswith(b"Name:")
    with pytest.raises(InputError, match="is too large"):
        read_bytes(Path("/proc/self/status"), SMALL)


def test_gzip_is_unpacked_up_to_its_limit(tmp_path: Path) -> None:
    content = os.urandom(50)
    both = gzip.compress(content) + gzip.compress(content)
    assert unpacked(both, tmp_path, SMALL) == 2 * content
    assert unpacked(content, tmp_path, SMALL) == content
    with pytest.raises(InputError, match="too large"):
        unpacked(gzip.compress(bytes(101)), tmp_path, SMALL)
    for damaged in (both[:30], both[:-1], both[:12] + b"\xff\xff\xff" + both[15:], b"\x1f\x8b"):
        with pytest.raises(ValueError, match=r".") as raised:
            unpacked(damaged, tmp_path, SMALL)
        assert not isinstance(raised.value, InputError)


def test_a_bomb_takes_no_more_memory_than_its_limit(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    with pytest.raises(InputError, match="too large"):
        unpacked(bomb, tmp_path, replace(SMALL, most=1_000_000))


def test_patterns_find_what_glob_finds(tmp_path: Path) -> None:
    names = ("a1.csv", "a2.csv", "b.csv", "one/a3.csv", "one/two/a4.csv", ".hidden/a5.csv", "[x].csv")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    for pattern in (
        "a*.csv",
        "*/a?.csv",
        "**/a*.csv",
        "one/**/*.csv",
        "a[13].csv",
        "none*",
        "**",
        "one/*",
        "[[]x].csv",
    ):
        expected = [p for p in sorted(tmp_path.glob(pattern)) if p.is_file() and ".hidden" not in p.parts]
        if pattern == "**":  # of old a pattern for folders alone; everything below it, as the shell has it
            expected = [p for p in sorted(tmp_path.rglob("*")) if p.is_file() and ".hidden" not in p.parts]
        assert matching(tmp_path, pattern) == expected, pattern
    assert matching(Path("/"), f"{tmp_path}/a*.csv") == [tmp_path / "a1.csv", tmp_path / "a2.csv"]
    assert [is_pattern(n) for n in ("a.csv", "a*.csv", "a?.csv", "a[1].csv")] == [False, True, True, True]


def test_a_pattern_looks_at_so_much_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(20):
        (tmp_path / f"{k}.csv").write_text("")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert len(matching(tmp_path, "**/*.csv")) == 20
    monkeypatch.setattr(files, "FOLDER_ENTRIES", replace(FOLDER_ENTRIES, most=15))
    with pytest.raises(InputError, match="at most 15 files and folders"):
        matching(tmp_path, "**/nothing")
    monkeypatch.setattr(files, "FOLDER_ENTRIES", FOLDER_ENTRIES)
    monkeypatch.setattr(files, "TABLE_FILES", replace(TABLE_FILES, most=15))
    with pytest.raises(InputError, match="at most 15 files of one pattern"):
        matching(tmp_path, "*.csv")


def test_every_limit_says_what_it_counts() -> None:
    assert len({str(limit) for limit in STATED}) == len(STATED)
    assert all(limit.allows(limit.most) and not limit.allows(limit.most + 1) for limit in STATED)
