"""A small file system of the suite's own, which takes in the data of a part and can be full."""

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

ROOM: Final = 300 * 2**20
"""Bytes that are free as long as the disk isn't full: more than RabbitMQ insists on."""
_CHUNK: Final = bytes(2**20)
_COMMAND_SECONDS: Final = 20.0


class NotPossible(Exception):
    """This machine, or this user, has not what a fault takes; the message says what."""


class Disk:
    """A tmpfs at `mount`, for what is in `data` otherwise. Both directories are of a part that does not run now."""

    def __init__(self, data: Path, mount: Path) -> None:
        self._data = data
        self._mount = mount
        self._kept = data.with_name(f"{data.name}.kept")
        self._filler = mount / "filler"

    def move_in(self) -> None:
        """Let the data be on it. Raises NotPossible where nothing may be mounted."""
        used = sum(file.stat().st_size for file in self._data.rglob("*") if file.is_file())
        self._mount.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={used + ROOM},mode=0700", "tmpfs", str(self._mount))
        shutil.copytree(self._data, self._mount, symlinks=True, dirs_exist_ok=True)
        self._data.rename(self._kept)
        self._data.symlink_to(self._mount)

    def move_out(self) -> None:
        """Let the data be where they were."""
        self._data.unlink()
        shutil.copytree(self._mount, self._data, symlinks=True)
        shutil.rmtree(self._kept)
        unmount(self._mount)

    def fill(self, spare: int) -> None:
        """Leave so many bytes."""
        with suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while shutil.disk_usage(self._mount).free > spare:
                file.write(_CHUNK)

    def free(self) -> None:
        """Give all of it back."""
        self._filler.unlink()


def unmount(mount: Path) -> None:
    """Let nothing be mounted there any more."""
    while mount.is_mount():
        _run("umount", str(mount))


def _run(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)
    if ended.returncode:
        raise NotPossible(ended.stderr.partition("\n")[0])
