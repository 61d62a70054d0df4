"""Take the viewer's JavaScript libraries from npm, each by version and hash, into this repository.

``python -m tools.vendor`` downloads them with ``npm pack``, checks their hashes, and writes the
files that the viewer serves, their licences, and axe-core for the tests. Neither building nor
installing needs npm. To take another version, change it here, and its hash to what
``npm view NAME@VERSION dist.integrity`` prints.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PACKAGES", "Package", "main"]

ROOT = Path(__file__).parents[1]
SERVED = ROOT / "dfanalyzer_client/viewer/static/vendor"
TESTED = ROOT / "tests/viewer/vendor"
ALGORITHM = "sha512"
SOURCE_MAP = re.compile(rb"^//# sourceMappingURL=.*$", re.MULTILINE)
"""What browsers would ask us for in vain."""


@dataclass(frozen=True)
class Package:
    """A package of npm, and what is taken from it.

    Attributes:
        name: its name in the registry.
        version: which one.
        integrity: the hash of its archive, as npm writes it.
        files: by path in the archive, the name that the file gets here.
        folder: where the files go.
    """

    name: str
    version: str
    integrity: str
    files: Mapping[str, str]
    folder: Path = SERVED


PACKAGES = (
    Package(
        "htmx.org",
        "4.0.1",
        "sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==",
        {
            "dist/htmx.min.js": "htmx.min.js",
            "dist/ext/hx-sse.min.js": "hx-sse.min.js",
            "LICENSE": "licenses/htmx.txt",
        },
    ),
    Package(
        "uplot",
        "1.6.32",
        "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        {
            "dist/uPlot.iife.min.js": "uPlot.iife.min.js",
            "dist/uPlot.min.css": "uPlot.min.css",
            "LICENSE": "licenses/uPlot.txt",
        },
    ),
    Package(
        "echarts",
        "6.1.0",
        "sha512-q0yaFPggC9FUdsWH4blavRWFmxdrIodbkoKNAjJudAI6CA9gNPxHtV2RcZNEepZVlk4yvBYkOkbk6HIVpIyHZA==",
        {
            "dist/echarts.min.js": "echarts.min.js",
            "LICENSE": "licenses/echarts.txt",
            "NOTICE": "licenses/echarts-notice.txt",
            "licenses/LICENSE-d3": "licenses/echarts-d3.txt",
        },
    ),
    Package(
        "@dagrejs/dagre",
        "3.1.3",
        "sha512-X4aUTwOReZvthaZWOVHqlJ52/ZdhZFEM4+Lh/uR4XooUSLE6p71bcy7MPGzYnNUcNh+nj+i/qJQpCMIdQnSmrg==",
        {
            "dist/dagre.min.js": "dagre.min.js",
            "dist/dagre.min.js.LEGAL.txt": "licenses/dagre-bundled.txt",
            "LICENSE": "licenses/dagre.txt",
        },
    ),
    Package(
        "axe-core",
        "4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        {
            "axe.min.js": "axe.min.js",
            "LICENSE": "licenses/axe-core.txt",
            "LICENSE-3RD-PARTY.txt": "licenses/axe-core-3rd-party.txt",
        },
        TESTED,
    ),
)


def main() -> None:
    """Write the files of all packages."""
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            archive = _downloaded(package, Path(folder))
            _check(package, archive)
            _extract(package, archive)
            sys.stdout.write(f"{package.name} {package.version}\n")


def _downloaded(package: Package, folder: Path) -> Path:
    before = set(folder.iterdir())
    subprocess.run(  # noqa: S603  # the names and versions above
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],  # noqa: S607  # in PATH
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = set(folder.iterdir()) - before
    return archive


def _check(package: Package, archive: Path) -> None:
    digest = hashlib.new(ALGORITHM, archive.read_bytes()).digest()
    found = f"{ALGORITHM}-{base64.b64encode(digest).decode()}"
    if found != package.integrity:
        raise SystemExit(
            f"error: {package.name} {package.version} has the hash {found}. Expected "
            f"{package.integrity}: it is not what was taken before. Nothing of it was written."
        )


def _extract(package: Package, archive: Path) -> None:
    with tarfile.open(archive) as opened:
        for path, name in package.files.items():
            member = opened.extractfile(f"package/{path}")
            if member is None:
                raise SystemExit(f"error: {package.name} has no file {path}.")
            target = package.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(SOURCE_MAP.sub(b"", member.read()))


if __name__ == "__main__":
    main()
