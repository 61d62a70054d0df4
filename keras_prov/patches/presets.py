"""Presets of KerasHub: what models are made of with ``from_preset``, and ``save_to_preset``.

KerasHub is not imported here: see `WhenImported`. All of its `from_preset` end in a loader, which
asks `get_file` for each file, be it in a folder, or downloaded from Kaggle or Hugging Face before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dfanalyzer_client.file import WRITTEN

from .._artifacts.model_files import PRESET, WEIGHTS, file_facts, last_change, remember_load
from .._guard import guarded
from .._instrumentation.change import Change, Original
from .._instrumentation.patch import Patch
from .._instrumentation.post_import import WhenImported
from .._tracking.presets import looking_for_files, note_preset_file, reading_preset
from .._tracking.saving import unrecorded
from .._training.saved_parts import executions_with
from .saving import call_and_record

__all__ = ["PATCHES"]

HUB = "keras_hub"
UTILS = "keras_hub.src.utils.preset_utils"
LOADERS = {
    "keras_hub.src.utils.transformers.preset_loader": "TransformersPresetLoader",
    "keras_hub.src.utils.timm.preset_loader": "TimmPresetLoader",
}
"""Loaders of other libraries' formats, which KerasHub imports when they are needed."""

LOST = "which presets models are made of"
HOLD_WEIGHTS = (".h5", ".weights.json", ".safetensors", ".safetensors.index.json", ".bin", ".pth")

_guard = guarded("a preset of KerasHub", lost=LOST)


def _around_load(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    preset = str(getattr(args[0], "preset", None))
    with reading_preset(preset) as files, unrecorded():
        result = original(*args, **kwargs)
    if files is not None:
        with _guard:
            _remember(result, preset, files)
    return result


def _remember(made: Any, preset: str, files: list[str]) -> None:
    """Remember the files for what was made of them, and for the backbone in it."""
    backbone = getattr(made, "backbone", None)
    for each in [made] if backbone is None else [made, backbone]:
        for path in files:
            remember_load(each, path, _kind(path), None, preset)


def _kind(path: str) -> str:
    return WEIGHTS if path.endswith(HOLD_WEIGHTS) else PRESET


def _around_get_file(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    found = original(*args, **kwargs)
    with _guard:
        preset, path = _file_of(*args, **kwargs)
        note_preset_file(str(preset), str(path), os.fspath(found))
    return found


def _file_of(preset: Any, path: Any) -> tuple[Any, Any]:
    return preset, path


def _around_check(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with looking_for_files():
        return original(*args, **kwargs)


def _around_save(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    folder = getattr(args[0], "preset_dir", None)
    before: dict[str, Any] = {}
    saved: Any = None
    with _guard:
        before = _files_in(folder)
        saved = args[1] if len(args) > 1 else next(iter(kwargs.values()), None)

    def record(_: Any) -> None:
        changed = [path for path, state in _files_in(folder).items() if before.get(path) != state]
        for execution in executions_with(saved):
            for path in changed:
                for fact in file_facts(path, _kind(path), preset=str(folder)):
                    execution.record_file(fact, WRITTEN)

    return call_and_record(original, args, kwargs, record)


def _files_in(folder: Any) -> dict[str, tuple[int, int] | None]:
    files = sorted(path for path in Path(str(folder)).rglob("*") if path.is_file())
    return {str(path): last_change(str(path)) for path in files}


def _loading(loader: type) -> Iterator[Change]:
    """Patches of the methods in which a loader makes something of a preset."""
    for name, method in list(vars(loader).items()):
        if name.startswith("load_") and callable(method):
            yield Patch(loader, name, _around_load)


def _asking() -> Iterator[Change]:
    """Patches of `get_file` and `check_file_exists`, in each module that has imported them."""
    utils = sys.modules[UTILS]
    modules = [module for name, module in list(sys.modules.items()) if name.startswith(f"{HUB}.")]
    for name, around in {"get_file": _around_get_file, "check_file_exists": _around_check}.items():
        own = vars(utils)[name]
        for module in modules:
            if vars(module).get(name) is own:
                yield Patch(module, name, around)


def _hub_changes() -> list[Change]:
    utils = sys.modules[UTILS]
    return [
        *_asking(),
        *_loading(utils.PresetLoader),
        *_loading(utils.KerasPresetLoader),
        Patch(utils.KerasPresetSaver, "save_task", _around_save),
        Patch(utils.KerasPresetSaver, "save_backbone", _around_save),
    ]


def _of_loader(module: str, name: str) -> Callable[[], list[Change]]:
    return lambda: list(_loading(getattr(sys.modules[module], name)))


PATCHES: tuple[Change, ...] = (
    WhenImported(HUB, _hub_changes, LOST),
    *(WhenImported(module, _of_loader(module, name), LOST) for module, name in LOADERS.items()),
)
