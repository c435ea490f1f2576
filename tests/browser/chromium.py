"""Chromium's headless shell: got as every other part, in a directory of its own, and used by tests alone."""

import os
from pathlib import Path

from scripts.native.debian import DebianPackages
from scripts.native.part import Part
from scripts.native.tools import Tool

LIBRARIES = (
    "libasound2 libasyncns0 libatk1.0-0 libatspi2.0-0 libblkid1 libbrotli1 libbsd0 libcap2 libdav1d6 libdbus-1-3 "
    "libdouble-conversion3 libdrm2 libexpat1 libffi8 libflac12 libfontconfig1 libfreetype6 libgbm1 libgcrypt20 "
    "libglib2.0-0 libgpg-error0 libgraphite2-3 libharfbuzz-subset0 libharfbuzz0b libjpeg62-turbo liblz4-1 liblzma5 "
    "libmd0 libminizip1 libmount1 libmp3lame0 libmpg123-0 libnspr4 libnss3 libogg0 libopenh264-7 libopus0 "
    "libpcre2-8-0 libpng16-16 libpulse0 libselinux1 libsndfile1 libsqlite3-0 libstdc++6 libsystemd0 libudev1 "
    "libvorbis0a libvorbisenc2 libwayland-server0 libx11-6 libx11-xcb1 libxau6 libxcb1 libxcomposite1 libxdamage1 "
    "libxdmcp6 libxext6 libxfixes3 libxi6 libxkbcommon0 libxnvctrl0 libxrandr2 libxrender1 libzstd1 zlib1g"
)
PACKAGES = ("chromium-headless-shell", "chromium-common", "fonts-dejavu-core", *LIBRARIES.split())
PART = Part(
    "chromium",
    DebianPackages("bookworm", PACKAGES),
    Tool(
        "PORTICO_CHROMIUM_BIN",
        ("chromium-headless-shell", "chromium", "google-chrome"),
        "usr/lib/chromium/chromium-headless-shell",
        (120,),
    ),
)
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


def command(native: Path, profile: Path) -> tuple[str, ...]:
    """How it is started with a profile of its own; it writes its port there. Raises ToolMissing."""
    return (
        str(PART.executable(native).path),
        "--headless",
        *("--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-first-run"),
        *("--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", "--lang=en-GB"),
        # Its sandbox wants rights that a container's root has not; it sees nothing but our own page.
        *(("--no-sandbox",) if os.geteuid() == 0 else ()),
        "about:blank",
    )


def environment(native: Path, profile: Path) -> dict[str, str]:
    """What the fetched one finds its libraries and fonts by."""
    if not PART.executable(native).fetched:
        return dict(os.environ)
    root = PART.directory(native)
    fonts = profile / "fonts.conf"
    fonts.write_text(_FONTS.format(fonts=root / "usr/share/fonts", cache=profile / "fonts"))
    libraries = (root / "usr/lib/x86_64-linux-gnu", root / "lib/x86_64-linux-gnu")
    places = (*libraries, libraries[0] / "pulseaudio")
    return {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, places)),
        "FONTCONFIG_FILE": str(fonts),
        "HOME": str(profile),
    }
