"""DenseED is what its authors describe: shapes, features after each block, parameters."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from benchmarks.dense_ed import dense_ed, stages

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize(
    ("blocks", "growth_rate", "features"),
    [
        ((3, 6, 3), 16, [48, 96, 48, 144, 72, 120, 1]),
        ((4, 4, 4), 24, [48, 144, 72, 168, 84, 180, 1]),
        ((5,), 16, [48, 128, 1]),
        ((1, 2, 3, 2, 1), 8, [48, 56, 28, 44, 22, 46, 23, 39, 19, 27, 1]),
    ],
)
def test_features_after_each_stage(
    blocks: tuple[int, ...], growth_rate: int, features: list[int]
) -> None:
    """A block adds K for each layer, encoding and decoding halve; the built network agrees."""
    plan = stages(blocks, growth_rate)
    assert [stage.features for stage in plan] == features
    model = dense_ed((32, 32, 1), blocks, growth_rate)
    ends = {"first": "first", "last": "last_scale"}
    counts = dict(zip([stage.name for stage in plan if "block" in stage.name], blocks, strict=True))
    for stage in plan:
        if stage.name in counts:
            layer = f"{stage.name}_concat{counts[stage.name]}"
        else:
            layer = ends.get(stage.name, f"{stage.name}_scale")
        side = 32 // stage.scale
        assert model.get_layer(layer).output.shape == (None, side, side, stage.features)


@pytest.mark.parametrize(
    ("shape", "blocks", "out_channels"),
    [((64, 64, 1), (3, 6, 3), 1), ((64, 32, 2), (4, 4, 4), 3), ((16, 16, 1), (2,), 1)],
)
def test_pictures_keep_their_size(
    shape: tuple[int, int, int], blocks: tuple[int, ...], out_channels: int
) -> None:
    """Height and width go in and come out."""
    model = dense_ed(shape, blocks, out_channels=out_channels)
    pictures = np.zeros((2, *shape), "float32")
    assert model(pictures).shape == (2, *shape[:2], out_channels)


def counted(blocks: tuple[int, ...], growth_rate: int) -> int:
    """Parameters by the authors' rule: no bias, and four for each normalized feature."""

    def activated(features: int, made: int, size: int) -> int:
        return 4 * features + size * size * features * made

    features, total = 48, 7 * 7 * 48
    for number, layers in enumerate(blocks):
        for _ in range(layers):
            total += activated(features, growth_rate, 3)
            features += growth_rate
        half = features // 2
        total += activated(features, half, 1)
        is_last = number == len(blocks) - 1
        total += activated(half, 1 if is_last else half, 3)
        features = half
    return total


@pytest.mark.parametrize("growth_rate", [16, 24])
@pytest.mark.parametrize("blocks", [(3, 6, 3), (4, 4, 4)])
def test_parameters_are_as_many_as_the_rule_says(blocks: tuple[int, ...], growth_rate: int) -> None:
    """Counted apart from the code that builds the network."""
    assert dense_ed(blocks=blocks, growth_rate=growth_rate).count_params() == counted(
        blocks, growth_rate
    )


def test_dropout_follows_each_convolution_but_the_first_and_the_last() -> None:
    """One for each of them, at the rate that was asked for; none without a rate."""
    model = dense_ed((16, 16, 1), (2,), dropout=0.25)
    dropped = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert [layer.name for layer in dropped] == [
        "block1_layer1_dropout",
        "block1_layer2_dropout",
        "last_reduce_dropout",
    ]
    assert {layer.rate for layer in dropped} == {0.25}
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in dense_ed().layers)


@pytest.mark.parametrize(
    "wrong",
    [
        {"blocks": (3, 6)},
        {"blocks": ()},
        {"blocks": (3, 0, 3)},
        {"growth_rate": 0},
        {"shape": (60, 64, 1), "blocks": (1, 1, 1, 1, 1)},
    ],
)
def test_what_is_no_dense_ed_raises(wrong: dict[str, Any]) -> None:
    """With what was received."""
    with pytest.raises(ValueError, match="Received: "):
        dense_ed(**wrong)


def test_it_learns() -> None:
    """A few steps on a picture make its loss smaller."""
    keras.utils.set_random_seed(1)
    pictures = np.random.rand(8, 16, 16, 1).astype("float32")
    model = dense_ed((16, 16, 1), (1, 1, 1), 4)
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
    losses = model.fit(pictures, pictures**2, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
