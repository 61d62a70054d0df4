"""Fine-tuning a preset of KerasHub: the preset's name and its files are what the training reads.

They need the extra ``libraries``. A preset is a folder here, which nothing is downloaded for.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import keras_prov as keras

pytestmark = [
    pytest.mark.thorough,  # KerasHub takes seconds to import
    pytest.mark.skipif(importlib.util.find_spec("keras_hub") is None, reason="no keras_hub"),
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
]

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"]


class Tuned(NamedTuple):
    """A preset, and the executions of two models: one is tuned and saved, the next made of it."""

    preset: Path
    saved: Path
    first: Any
    second: Any


def made_preset(folder: Path) -> None:
    from keras_hub import models

    backbone = models.BertBackbone(len(WORDS), 1, 2, 8, 16, max_sequence_length=8)
    tokenizer = models.BertTokenizer(vocabulary=WORDS, lowercase=True)
    words = models.BertTextClassifierPreprocessor(tokenizer, sequence_length=8)
    models.BertTextClassifier(backbone, 2, preprocessor=words).save_to_preset(str(folder))


@pytest.fixture(scope="module")
def tuned(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    """A classifier of a preset is tuned with LoRA; its backbone becomes part of another model."""
    from keras_hub import models

    preset, saved = (tmp_path_factory.mktemp("presets") / name for name in ("tiny", "tuned"))
    made_preset(preset)
    with keras.capture({"OPTIMIZER_NAME": True}, "presets"):
        task = models.TextClassifier.from_preset(str(preset), num_classes=3)
        task.backbone.enable_lora(2)
        task.compile("adam", "sparse_categorical_crossentropy")
        task.fit(["good film", "bad film"] * 2, np.array([1, 0] * 2), batch_size=2, verbose=0)
        task.save_to_preset(str(saved))
        backbone = models.Backbone.from_preset(str(saved))
        inputs = {name: keras.Input((8,), dtype="int32", name=name) for name in names(backbone)}
        outputs = keras.layers.Dense(1)(backbone(inputs)["pooled_output"])
        model = keras.Model(inputs, outputs)
        model.compile("sgd", "mse")
        for _ in range(2):
            model.fit({name: np.ones((4, 8)) for name in inputs}, np.ones(4), verbose=0)
        tags = task.exec_tag, model.exec_tag
    keras.flush(60)
    return Tuned(preset, saved, *(keras.run(tag) for tag in tags))


def names(backbone: Any) -> list[str]:
    return list(backbone.input)


def files(run: Any, tag: str) -> dict[str, tuple[str, str, str]]:
    """Kind, SHA-256 and preset of each file of a set, by its path."""
    return {
        row["path"]: (row["kind"], row["sha256"], row["preset"]) for row in run.rows(tag).to_dicts()
    }


def digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_a_training_has_the_files_of_its_preset(tuned: Tuned) -> None:
    """Those that were read, with their hashes: not the head's weights, as it has other classes."""
    read = files(tuned.first, "iModelFile")
    assert sorted(Path(path).relative_to(tuned.preset).as_posix() for path in read) == [
        "assets/tokenizer/vocabulary.txt",
        "config.json",
        "model.weights.h5",
        "task.json",
    ]
    assert {preset for _, _, preset in read.values()} == {str(tuned.preset)}
    assert all(sha256 == digest(path) for path, (_, sha256, _) in read.items())
    assert read[str(tuned.preset / "model.weights.h5")][0] == "weights"
    assert read[str(tuned.preset / "config.json")][0] == "preset"


def test_lora_of_a_backbone_is_one_step(tuned: Tuned) -> None:
    """With the layers of each attention that it was enabled in."""
    steps = tuned.first.rows("oModification").to_dicts()
    within = "bert_backbone/transformer_layer_0/self_attention_layer"
    assert [step["layer"] for step in steps] == [f"{within}/query", f"{within}/value"]
    assert {step["arguments"] for step in steps} == {'{"rank": 2}'}
    tasks = [task["transformation"] for task in tuned.first.tasks.to_dicts()]
    assert tasks.count("modifyingmodel") == 1


def test_a_saved_preset_is_written_and_read(tuned: Tuned) -> None:
    """The next model's execution comes from that of the first, by the content of the weights."""
    written, read = files(tuned.first, "oModelFile"), files(tuned.second, "iModelFile")
    weights = str(tuned.saved / "model.weights.h5")
    assert str(tuned.saved / "task.weights.h5") in written
    assert written[weights] == read[weights] == ("weights", digest(weights), str(tuned.saved))
    assert set(read) == {weights, str(tuned.saved / "config.json")}
    assert len(tuned.second.rows("iModelFile")) == 2  # once, though it was fitted twice
    come = keras.origin(weights)
    assert tuned.first.execution in str(come)


def test_nothing_of_ours_is_left_in_keras_hub() -> None:
    """Once ours is undone, KerasHub's functions are its own."""
    import keras_hub.src.utils.preset_utils as utils

    keras.uninstrument()
    try:
        assert not hasattr(utils.get_file, "__wrapped__")
        assert not hasattr(utils.KerasPresetLoader.load_task, "__wrapped__")
    finally:
        keras.instrument()
    assert hasattr(utils.get_file, "__wrapped__")


@pytest.mark.skipif(importlib.util.find_spec("keras_rs") is None, reason="no keras_rs")
def test_a_ranking_of_keras_rs_is_a_training(tag: str, ask: Any) -> None:
    """KerasRS has no presets: its layers and losses are those of a model's training."""
    import keras_rs

    model = keras.Sequential(
        [keras.Input((4,)), keras_rs.layers.FeatureCross(), keras.layers.Dense(3)]
    )
    model.compile("sgd", keras_rs.losses.PairwiseHingeLoss())
    model.provenance(tag, hyps=["LOSS", "NUM_LAYERS"])
    model.fit(np.ones((4, 4)), np.eye(4)[:, :3], verbose=0)
    assert "PairwiseHingeLoss" in ask.one(f'SELECT loss FROM "{tag}".itrainingmodel')
    found = ask.rows(f'SELECT DISTINCT class FROM "{tag}".ilayers ORDER BY class')
    assert [name for (name,) in found] == ["Dense", "FeatureCross"]
