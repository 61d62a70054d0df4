"""Scripts and styles inside a page that is a single file, under a policy of their hashes."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path

from markupsafe import Markup

__all__ = ["Inlined", "bundle", "inlined"]

STATIC = Path(__file__).parents[1] / "static"

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.-]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const|let) (\w+))", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class Inlined:
    """Texts of ``<script>`` and ``<style>`` elements, and the policy that allows only them.

    Attributes:
        style: the style sheet.
        scripts: classic scripts, in order.
        module: the script of type ``module``.
    """

    def __init__(self, style: str, scripts: list[str], module: str) -> None:
        self.style = _markup(style)
        self.scripts = [_markup(script) for script in scripts]
        self.module = _markup(module)

    @property
    def policy(self) -> str:
        """The Content-Security-Policy: these texts, and nothing from anywhere else."""
        scripts = " ".join(_hash(text) for text in (*self.scripts, self.module))
        return (
            f"default-src 'none'; script-src {scripts}; style-src {_hash(self.style)}; "
            "img-src data:; base-uri 'none'; form-action 'none'"
        )


@functools.cache
def inlined(entry: str, scripts: tuple[str, ...], styles: tuple[str, ...]) -> Inlined:
    """A module of the viewer with all that it imports, and other files of `STATIC`."""
    style = "\n".join(_text(name) for name in styles)
    return Inlined(style, [_text(name) for name in scripts], bundle(entry))


def bundle(entry: str) -> str:
    """A module and those it imports, each once and before those that import it, as one script.

    It knows the forms that our modules use: names in braces, imported from beside, and ``export``
    before a declaration.

    Raises:
        ValueError: a module has another form.
    """
    done: dict[str, str] = {}
    _add(entry, done)
    return "const modules = {};\n" + "".join(done.values())


def _add(name: str, done: dict[str, str]) -> None:
    text = _text(name)
    for _, other in IMPORT.findall(text):
        if other not in done:
            _add(other, done)
    exported = [each for _, each in EXPORT.findall(text)]
    text = IMPORT.sub(_as_constants, text)
    text = EXPORT.sub(r"\1", text)
    left = LEFT.search(text)
    if left:
        raise ValueError(f"{name} has a form that cannot be inlined: {left[0]}")
    done[name] = (
        f'modules["{name}"] = (() => {{\n{text}\nreturn {{ {", ".join(exported)} }};\n}})();\n'
    )


def _as_constants(found: re.Match[str]) -> str:
    names = " ".join(found[1].split()).replace(" as ", ": ")
    return f'const {{ {names} }} = modules["{found[2]}"];\n'


def _text(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _markup(text: str) -> Markup:
    """A text that cannot end the element that it stands in."""
    safe = re.sub(r"<(?=/script|/style|!--)", r"\\x3c", text, flags=re.IGNORECASE)
    return Markup(safe)  # noqa: S704  # files of ours


def _hash(text: str) -> str:
    digest = hashlib.sha256(str(text).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
