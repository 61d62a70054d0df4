"""MkDocs hooks: a notebook becomes a page of the site, with the output stored in it."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

__all__ = ["notebook_page", "on_files"]


def on_files(files: Any, config: Any) -> Any:
    """Add a page beside every notebook."""
    from mkdocs.structure.files import File

    for file in list(files):
        if file.src_uri.endswith(".ipynb"):
            text = notebook_page(Path(file.abs_src_path))
            page = file.src_uri.removesuffix(".ipynb") + ".md"
            files.append(File.generated(config, page, content=text))
    return files


def notebook_page(path: Path) -> str:
    """A notebook as Markdown: cells of code are followed by their output."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first, *others = ["\n\n".join(_parts(cell)) for cell in cells]
    download = f"[Download this notebook]({path.name})"
    return "\n\n".join([first, download, *others]) + "\n"


def _parts(cell: dict[str, Any]) -> list[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    language = "bash" if source.startswith("%%bash") else "python"
    return [
        f"```{language}\n{source}\n```",
        *map(_shown, cell["outputs"]),
    ]


def _shown(output: dict[str, Any]) -> str:
    """What a cell gave: a picture if it is one, else text."""
    picture = output.get("data", {}).get("image/png")
    if picture:
        encoded = "".join(picture).replace("\n", "")
        return f'<img alt="{html.escape(_text(output))}" src="data:image/png;base64,{encoded}">'
    return f"```text\n{_text(output).rstrip()}\n```"


def _text(output: dict[str, Any]) -> str:
    text = output["text"] if output["output_type"] == "stream" else output["data"]["text/plain"]
    return "".join(text)
