"""DenseED: the dense convolutional encoder-decoder that the paper trains.

Zhu and Zabaras, "Bayesian deep convolutional encoder-decoder networks for surrogate modeling and
uncertainty quantification", J. Comput. Phys. 366 (2018); used by Freitas et al. (2020) as a
surrogate of reverse time migration. Dense blocks after Huang et al., "Densely connected
convolutional networks", CVPR 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import keras

__all__ = ["FIRST_FEATURES", "Stage", "dense_ed", "stages"]

FIRST_FEATURES = 48


class Stage(NamedTuple):
    """A part of the network: how many features it outputs, and how much smaller they are.

    `scale` divides height and width of the input.
    """

    name: str
    features: int
    scale: int


def stages(
    blocks: Sequence[int],
    growth_rate: int,
    out_channels: int = 1,
    first_features: int = FIRST_FEATURES,
) -> list[Stage]:
    """The parts of a DenseED, in order.

    A dense block adds `growth_rate` features for every layer; encoding and decoding halve the
    features.

    Args:
        blocks: number of layers, by dense block; an odd number of blocks.
        growth_rate: features that a dense layer adds (K).
        out_channels: channels of the network's output.
        first_features: features of the first convolution.

    Raises:
        ValueError: the number of `blocks` is even, or a size is not positive.
    """
    if len(blocks) % 2 == 0 or min(*blocks, growth_rate, out_channels, first_features) < 1:
        raise ValueError(
            "A DenseED has an odd number of dense blocks with at least one layer, and adds at "
            f"least one feature per layer. Received: blocks={tuple(blocks)}, "
            f"growth_rate={growth_rate}, out_channels={out_channels}, "
            f"first_features={first_features}."
        )
    found = [Stage("first", first_features, 2)]
    for number, layers in enumerate(blocks):
        _, features, scale = found[-1]
        features += layers * growth_rate
        found.append(Stage(f"block{number + 1}", features, scale))
        if number < len(blocks) // 2:
            found.append(Stage(f"encode{number + 1}", features // 2, scale * 2))
        elif number < len(blocks) - 1:
            found.append(Stage(f"decode{number + 1}", features // 2, scale // 2))
    return [*found, Stage("last", out_channels, 1)]


def dense_ed(
    shape: tuple[int, int, int] = (64, 64, 1),
    blocks: Sequence[int] = (3, 6, 3),
    growth_rate: int = 16,
    dropout: float = 0.0,
    out_channels: int = 1,
    first_features: int = FIRST_FEATURES,
) -> keras.Model:
    """A DenseED from images of `shape` (height, width, channels) to images of the same size.

    Args:
        shape: shape of the input; the network has to be able to halve height and width.
        blocks: number of layers, by dense block (L); see `stages`.
        growth_rate: features that a dense layer adds (K).
        dropout: rate after all convolutions but the first; 0 for none.
        out_channels: channels of the output.
        first_features: features of the first convolution.

    Raises:
        ValueError: the image cannot be halved so often, or as for `stages`.
    """
    plan = stages(blocks, growth_rate, out_channels, first_features)
    smallest = max(stage.scale for stage in plan)
    if shape[0] % smallest or shape[1] % smallest:
        raise ValueError(
            f"Height and width of a DenseED with blocks={tuple(blocks)} are multiples of "
            f"{smallest}. Received: shape={shape}."
        )
    inputs = keras.Input(shape)
    x = _convolution(inputs, first_features, 7, 2, "first")
    depth = iter(blocks)
    for before, stage in pairwise(plan):
        if stage.name.startswith("block"):
            x = _dense_block(x, next(depth), growth_rate, dropout, stage.name)
        else:
            reduced = before.features // 2
            x = _activated(x, reduced, 1, 1, dropout, f"{stage.name}_reduce")
            x = _activated(
                x,
                stage.features,
                3,
                2,
                0.0 if stage.name == "last" else dropout,
                f"{stage.name}_scale",
                transposed=stage.scale < before.scale,
            )
    return keras.Model(inputs, x, name="dense_ed")


def _dense_block(x: Any, layers: int, growth_rate: int, dropout: float, name: str) -> Any:
    for number in range(layers):
        added = _activated(x, growth_rate, 3, 1, dropout, f"{name}_layer{number + 1}")
        x = keras.layers.Concatenate(name=f"{name}_concat{number + 1}")([x, added])
    return x


def _activated(
    x: Any,
    features: int,
    size: int,
    stride: int,
    dropout: float,
    name: str,
    *,
    transposed: bool = False,
) -> Any:
    """Batch normalization, ReLU, convolution, and dropout if there is any."""
    x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
    x = keras.layers.ReLU(name=f"{name}_relu")(x)
    x = _convolution(x, features, size, stride, name, transposed=transposed)
    return keras.layers.Dropout(dropout, name=f"{name}_dropout")(x) if dropout else x


def _convolution(
    x: Any, features: int, size: int, stride: int, name: str, *, transposed: bool = False
) -> Any:
    """A convolution without a bias, as its output is normalized."""
    kind = keras.layers.Conv2DTranspose if transposed else keras.layers.Conv2D
    return kind(features, size, stride, "same", use_bias=False, name=name)(x)
