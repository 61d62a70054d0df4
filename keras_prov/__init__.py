"""Keras, recording the provenance of your trainings: a drop-in for ``import keras``.

Example:
    >>> import keras_prov as keras
    >>> keras.layers.Dense(3)
    <Dense name=dense, built=False>

Every name of Keras is here, and is Keras' own object. Importing this package instruments Keras,
also for code that imports `keras` itself. Nothing is recorded until `Model.provenance` or `capture`
is called.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

import keras

from dfanalyzer_client.analysis.asking import compare as compare
from dfanalyzer_client.analysis.asking import curves as curves
from dfanalyzer_client.analysis.asking import diff as diff
from dfanalyzer_client.analysis.asking import follow as follow
from dfanalyzer_client.analysis.asking import origin as origin
from dfanalyzer_client.analysis.asking import run as run
from dfanalyzer_client.analysis.asking import runs as runs
from dfanalyzer_client.analysis.asking import sql as sql
from dfanalyzer_client.delivery.clients import flush as flush

from . import _namespace
from ._capture.keys import Key as Key
from ._capture.keys import known_hyperparameters as known_hyperparameters
from ._capture.requests import Capture as Capture
from ._capture.requests import capture as capture
from ._capture.requests import capture_inherited as _capture_inherited
from ._capture.requests import log as log
from ._guard import guarded
from ._instrumentation.switch import instrument as instrument
from ._instrumentation.switch import register as _register
from ._instrumentation.switch import uninstrument as uninstrument
from ._recording.continuation import Continuation as Continuation
from ._recording.trials import Trial as Trial
from ._recording.trials import trial as trial
from .patches import all_patches as _all_patches

if TYPE_CHECKING:  # for editors that do not read the stubs
    from keras import *  # noqa: F403  # as at run time

    from dfanalyzer_client.annotations import note as note
    from dfanalyzer_client.annotations import tag as tag
    from dfanalyzer_client.annotations import untag as untag
    from dfanalyzer_client.steering import steer as steer
    from dfanalyzer_client.viewer.notebook import view as view

    from ._continuing.continue_from import continue_from as continue_from
    from ._loops.run import TrainingRun as TrainingRun
    from ._loops.run import training as training
    from ._prov_document import prov_document as prov_document
    from ._replaying.replay import replay as replay

_LATER = {
    "TrainingRun": "._loops.run",
    "continue_from": "._continuing.continue_from",
    "note": "dfanalyzer_client.annotations",
    "prov_document": "._prov_document",
    "replay": "._replaying.replay",
    "steer": "dfanalyzer_client.steering",
    "tag": "dfanalyzer_client.annotations",
    "training": "._loops.run",
    "untag": "dfanalyzer_client.annotations",
    "view": "dfanalyzer_client.viewer.notebook",
}
"""Where names are that few trainings need: each is imported when it is used."""

_OUR_NAMES = (
    "Capture",
    "Continuation",
    "Key",
    "TrainingRun",
    "Trial",
    "capture",
    "compare",
    "continue_from",
    "curves",
    "diff",
    "flush",
    "follow",
    "instrument",
    "known_hyperparameters",
    "log",
    "note",
    "origin",
    "prov_document",
    "replay",
    "run",
    "runs",
    "sql",
    "steer",
    "tag",
    "training",
    "trial",
    "uninstrument",
    "untag",
    "view",
)

__version__ = keras.__version__  # ours is keras_prov._version.__version__
__all__ = sorted({*_namespace.public_names(), *_OUR_NAMES})

_namespace.adopt(globals(), _OUR_NAMES)


def __getattr__(name: str) -> Any:
    if name in _LATER:
        value = globals()[name] = getattr(_import_module(_LATER[name], __name__), name)
        return value
    return _namespace.keras_attribute(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *dir(keras)})


_register(_all_patches)
with guarded("instrument()", lost="anything that happens in Keras"):
    instrument()
with guarded("inherited capture", lost="what is trained in this process"):
    _capture_inherited()
