"""The rates of Keras' own schedules, computed on the host in float32.

Keras computes them with the backend's operations, one after the other and on the device, which
takes 0.3 to 2 ms. The operations here are the same, in the same order. Sums, products, quotients,
floors and ceilings are exactly rounded (IEEE 754), and the power of two scalars of NumPy is that of
the C library, which the backends use on a CPU: there, schedules of these are equal bit by bit. The
backends have cosines of their own, so rates with a cosine differ by up to 1e-7 of the highest.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

__all__ = ["EXACT", "host_rate"]

ONE, HALF = np.float32(1), np.float32(0.5)

RESTART_MARGIN = 1e-5
"""How near to a restart, in periods, a backend's logarithm may put the step on its other side."""

_Rate = np.float32 | None


def host_rate(schedule: Any, step: int) -> float | None:
    """The rate of one of Keras' own schedules at a step; None if only the backend can tell.

    That is so for another class, for arguments that are not plain numbers, where the backend
    computes in 64 or 16 bits, and right at a restart of CosineDecayRestarts.
    """
    function = _RATES.get(type(schedule))
    if function is None or not _is_plain(schedule) or not _in_float32():
        return None
    with np.errstate(all="ignore"):  # backends do not warn of an infinity either
        rate = function(schedule, step)
    return None if rate is None else float(rate)


def _in_float32() -> bool:
    """Whether the backend computes with floats of Python in 32 bits."""
    backend = keras.backend.backend()
    if backend == "jax":
        in_64_bits: bool = sys.modules["jax"].config.jax_enable_x64
        return not in_64_bits
    return bool(backend == "tensorflow" or keras.config.floatx() == "float32")


def _is_plain(schedule: Any) -> bool:
    """Whether all arguments are numbers of Python, and the rates floats, whose type is float32."""
    values = vars(schedule)
    first = values.get("initial_learning_rate")
    if first is None:
        rates, steps = values.get("values"), values.get("boundaries")
        return (
            isinstance(rates, (list, tuple))
            and isinstance(steps, (list, tuple))
            and bool(steps)
            and all(type(rate) is float for rate in rates)
            and all(type(step) is int for step in steps)
        )
    return type(first) is float and all(
        isinstance(value, (int, float, str, type(None))) for value in values.values()
    )


def _half_cosine(part: np.float32) -> np.float32:
    """From 1 at 0 to -1 at 1; `math.cos` is nearer to all backends than NumPy's in 32 bits."""
    return np.float32(math.cos(float(np.float32(math.pi) * part)))


def _inverse_time(schedule: Any, step: int) -> _Rate:
    part = np.float32(step) / np.float32(schedule.decay_steps)
    if schedule.staircase:
        part = np.floor(part)
    denominator = ONE + np.float32(schedule.decay_rate) * part
    return np.float32(schedule.initial_learning_rate) / denominator


def _exponential(schedule: Any, step: int) -> _Rate:
    part = np.float32(step) / np.float32(schedule.decay_steps)
    if schedule.staircase:
        part = np.floor(part)
    factor = np.float32(schedule.decay_rate) ** part
    return np.float32(schedule.initial_learning_rate) * factor


def _polynomial(schedule: Any, step: int) -> _Rate:
    at, steps = np.float32(step), np.float32(schedule.decay_steps)
    if schedule.cycle:
        steps = steps * (np.ceil(at / steps) if at else ONE)
    else:
        at = min(at, steps)
    first, last = np.float32(schedule.initial_learning_rate), np.float32(schedule.end_learning_rate)
    return (first - last) * (ONE - at / steps) ** np.float32(schedule.power) + last


def _piecewise(schedule: Any, step: int) -> _Rate:
    bounds, rates = schedule.boundaries, [np.float32(rate) for rate in schedule.values]
    found = np.float32(0)
    if step <= bounds[0]:
        found += rates[0]
    if step > bounds[-1]:
        found += rates[-1]
    for low, high, rate in zip(bounds[:-1], bounds[1:], rates[1:-1], strict=True):
        if low < step <= high:
            found += rate
    return found


def _cosine(schedule: Any, step: int) -> _Rate:
    at, steps = np.float32(step), np.float32(schedule.decay_steps)
    first = np.float32(schedule.initial_learning_rate)
    if schedule.warmup_target is None:
        at = min(at, steps)
    else:
        warm, target = np.float32(schedule.warmup_steps), np.float32(schedule.warmup_target)
        at = min(at, steps + warm)
        if at < warm:
            return (target - first) * (at / warm) + first
        at, first = at - warm, target
    cosine = HALF * (ONE + _half_cosine(at / steps))
    alpha = schedule.alpha  # Keras subtracts it in 64 bits here, and in 32 with restarts
    return first * (np.float32(1 - alpha) * cosine + np.float32(alpha))


def _cosine_restarts(schedule: Any, step: int) -> _Rate:
    part = np.float32(step) / np.float32(schedule.first_decay_steps)
    period = _period(part, np.float32(schedule._t_mul))
    if period is None:
        return None
    restarts, part = period
    factor = np.float32(schedule._m_mul) ** restarts
    cosine = HALF * factor * (ONE + _half_cosine(part))
    alpha = np.float32(schedule.alpha)
    return np.float32(schedule.initial_learning_rate) * ((ONE - alpha) * cosine + alpha)


def _period(part: np.float32, longer: np.float32) -> tuple[np.float32, np.float32] | None:
    """How many restarts there were, and which part of the period since is over."""
    if longer == ONE:
        restarts = np.floor(part)
        return restarts, part - restarts
    periods = np.log(np.float64(ONE - part * (ONE - longer))) / np.log(np.float64(longer))
    if part and abs(periods - round(periods)) < RESTART_MARGIN * max(1.0, periods):
        return None
    restarts = np.float32(math.floor(periods))
    length = longer**restarts
    begun = (ONE - length) / (ONE - longer)
    return restarts, (part - begun) / length


_schedules = keras.optimizers.schedules

_RATES: dict[type, Callable[[Any, int], _Rate]] = {
    _schedules.InverseTimeDecay: _inverse_time,
    _schedules.ExponentialDecay: _exponential,
    _schedules.PolynomialDecay: _polynomial,
    _schedules.PiecewiseConstantDecay: _piecewise,
    _schedules.CosineDecay: _cosine,
    _schedules.CosineDecayRestarts: _cosine_restarts,
}

EXACT = (
    _schedules.InverseTimeDecay,
    _schedules.ExponentialDecay,
    _schedules.PolynomialDecay,
    _schedules.PiecewiseConstantDecay,
)
"""Schedules without a cosine: on a CPU, equal to the backend's bit by bit."""
