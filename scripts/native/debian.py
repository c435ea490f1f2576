"""Parts that come as Debian packages, from the mirror this machine's apt knows, without root.

apt's own client downloads them into a state directory of their own and checks the signatures of the
suite with Debian's keyring; `dpkg -x` unpacks them. Nothing is installed and nothing under /etc is read
but the configuration of apt.
"""

import getpass
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scripts.native.commands import run
from scripts.native.part import FetchFailed

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
COMMAND_SECONDS = 900.0
NOT_THE_MIRROR = ("-security", "-updates", "-backports")


@dataclass(frozen=True)
class DebianPackages:
    """Packages of one suite. Their versions are the suite's, so security fixes come by themselves."""

    suite: str
    packages: tuple[str, ...]

    @property
    def pin(self) -> str:
        return "\n".join((self.suite, *self.packages))

    def fetch(self, into: Path) -> None:
        """Download, verify and unpack the packages; raises FetchFailed."""
        missing = missing_tools()
        if missing:
            raise FetchFailed(f"it comes as a Debian package, but this machine has no {', '.join(missing)}")
        with tempfile.TemporaryDirectory(prefix="portico-apt-") as scratch:
            state = Path(scratch)
            options = _private_state(state, self.suite)
            _run("apt-get", *options, "-q", "update")
            # apt-get download writes into the working directory
            _run("apt-get", *options, "-q", "download", *self.packages, cwd=state / "debs")
            for package in sorted((state / "debs").glob("*.deb")):
                _run("dpkg", "-x", str(package), str(into))


def missing_tools() -> list[str]:
    """What apt downloads need and this machine has not."""
    missing = [tool for tool in ("apt-get", "dpkg", "gpgv") if not shutil.which(tool)]
    return missing if KEYRING.exists() else [*missing, str(KEYRING)]


def _private_state(state: Path, suite: str) -> list[str]:
    """Make an apt state for one suite; return the options that confine apt to it."""
    for name in ("lists/partial", "cache/archives/partial", "etc/parts", "etc/trusted", "log", "debs"):
        (state / name).mkdir(parents=True)
    (state / "status").touch()
    architecture = _run("dpkg", "--print-architecture").strip()
    source = f"deb [arch={architecture} signed-by={KEYRING}] {_mirror()} {suite} main\n"
    (state / "etc" / "sources.list").write_text(source)
    settings = {
        "Dir::State": state,
        "Dir::State::Lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Dir::Log": state / "log",
        "Dir::Etc::sourcelist": state / "etc" / "sources.list",
        "Dir::Etc::sourceparts": state / "etc" / "parts",
        "Dir::Etc::trusted": "/dev/null",
        "Dir::Etc::trustedparts": state / "etc" / "trusted",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": state / "etc" / "parts",
        # apt gives downloads to a user of its own, who may not enter this directory
        "APT::Sandbox::User": getpass.getuser(),
        "APT::Get::AllowUnauthenticated": "false",
        "APT::Update::Error-Mode": "any",
        "Acquire::AllowInsecureRepositories": "false",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "Debug::NoLocking": "1",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _mirror() -> str:
    """The Debian mirror of the machine's own apt configuration."""
    targets = _run("apt-get", "indextargets", "--format", "$(CREATED_BY) $(COMPONENT) $(RELEASE) $(SITE)")
    for line in targets.splitlines():
        kind, component, release, site = line.split(maxsplit=3)
        if (kind, component) == ("Packages", "main") and not release.endswith(NOT_THE_MIRROR):
            return site
    raise FetchFailed("apt on this machine knows no Debian mirror (component main)")


def _run(*command: str, cwd: Path | None = None) -> str:
    return run(*command, cwd=cwd, seconds=COMMAND_SECONDS)
