"""Reverse time migration, shot gather by shot gather, with Devito.

The acoustic wave equation with a sponge at all sides; Baysal, Kosloff and Sherwood, "Reverse time
migration", Geophysics 48 (1983), for the imaging condition. Lengths are metres, times milliseconds,
velocities kilometres per second (metres per millisecond).

Devito (https://www.devitoproject.org) compiles the propagators; a :class:`Migration` does so once.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

__all__ = ["Field", "Migration", "Survey"]

Field = NDArray[np.float32]
"""Values on the grid, by horizontal place and depth."""

SPACE_ORDER = 4
STABILITY = 0.4
"""The time step, as a share of the time in which the fastest wave crosses a cell (CFL)."""

SMOOTHING = 4.0
"""Cells over which the velocities given to the migration are smoothed."""

MUTED = 8


@dataclass(frozen=True)
class Survey:
    """The parameters of a seismic survey.

    Attributes:
        size: cells of the image, in both directions.
        spacing: size of a cell, in metres.
        border: cells of the absorbing sponge around the image.
        duration: length of a record, in milliseconds.
        frequency: frequency of the Ricker source, in kilohertz.
        shots: number of sources, spread evenly along the surface.
        max_velocity: the highest velocity to expect.
    """

    size: int = 64
    spacing: float = 10.0
    border: int = 20
    duration: float = 700.0
    frequency: float = 0.02
    shots: int = 4
    max_velocity: float = 4.5

    @property
    def step(self) -> float:
        """The time step in milliseconds."""
        return STABILITY * self.spacing / self.max_velocity

    @property
    def steps(self) -> int:
        """The number of time steps in a record."""
        return int(self.duration / self.step) + 1


class Migration:
    """The propagators of a survey, compiled when they are first used."""

    def __init__(self, survey: Survey) -> None:
        os.environ.setdefault("DEVITO_LOGGING", "WARNING")
        import devito  # an extra: `pip install 'keras-prov[bench]'`

        self.survey = survey
        side = survey.size + 2 * survey.border
        extent = (side - 1) * survey.spacing
        self._grid = devito.Grid(shape=(side, side), extent=(extent, extent), dtype=np.float32)
        self._slowness = devito.Function(name="m", grid=self._grid, space_order=SPACE_ORDER)
        self._damping = devito.Function(name="damp", grid=self._grid)
        self._damping.data[:] = _sponge(side, survey)
        self._image = devito.Function(name="image", grid=self._grid)
        self._saved = self._wavefield(devito, "u", save=survey.steps)
        self._passing = self._wavefield(devito, "w", save=None)
        self._adjoint = self._wavefield(devito, "v", save=None)
        self._source = self._points(devito, "src", 1)
        self._receivers = self._points(devito, "rec", survey.size)
        self._receivers.coordinates.data[:, 0] = self._places(survey.size)
        self._receivers.coordinates.data[:, 1] = self._depth
        self._source.data[:, 0] = _ricker(survey)
        self._shoot = self._forward(devito, self._passing)
        self._shoot_and_save = self._forward(devito, self._saved)
        self._migrate = self._backward(devito)

    def image(self, velocity: Field) -> Field:
        """The image that migration computes from a velocity field, both of the survey's size.

        The records over the smoothed field are subtracted from the records, which removes the
        direct wave. A Laplacian filter removes correlations over long distances, and the image is
        muted at the surface, where the sources leave traces.

        It is computed in a separate thread: Devito's code makes the processor flush subnormal
        floats to zero in its thread and leaves it so, which would change a training in that thread.
        """
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._migrated, velocity).result()

    def _migrated(self, velocity: Field) -> Field:
        survey = self.survey
        smooth = gaussian_filter(velocity, SMOOTHING, mode="nearest")
        self._image.data[:] = 0
        for place in self._places(survey.shots):
            self._source.coordinates.data[0] = place, self._depth
            true = self._record(self._shoot, self._passing, velocity)
            expected = self._record(self._shoot_and_save, self._saved, smooth)
            self._adjoint.data[:] = 0
            self._receivers.data[:] = true - expected
            self._migrate(dt=survey.step)
        inner = slice(survey.border, survey.border + survey.size)
        filtered = _laplacian(np.array(self._image.data))[inner, inner]
        muted: Field = (filtered * _taper(survey.size)).astype(np.float32)
        return muted

    def _record(self, shoot: Any, wavefield: Any, velocity: Field) -> Field:
        """What the receivers record of a shot."""
        border = self.survey.border
        self._slowness.data[:] = 1 / np.pad(velocity, border, mode="edge") ** 2
        wavefield.data[:] = 0
        self._receivers.data[:] = 0
        shoot(dt=self.survey.step)
        return np.array(self._receivers.data)

    def _wavefield(self, devito: Any, name: str, save: int | None) -> Any:
        return devito.TimeFunction(
            name=name, grid=self._grid, time_order=2, space_order=SPACE_ORDER, save=save
        )

    def _points(self, devito: Any, name: str, count: int) -> Any:
        return devito.SparseTimeFunction(
            name=name, grid=self._grid, npoint=count, nt=self.survey.steps
        )

    def _places(self, count: int) -> NDArray[np.float64]:
        """Evenly spaced points along the surface, in metres."""
        survey = self.survey
        first = survey.border * survey.spacing
        return first + np.linspace(0, (survey.size - 1) * survey.spacing, count)

    @property
    def _depth(self) -> float:
        """The depth of sources and receivers: one cell below the surface."""
        return (self.survey.border + 1) * self.survey.spacing

    def _forward(self, devito: Any, u: Any) -> Any:
        wave = self._slowness * u.dt2 - u.laplace + self._damping * u.dt
        update = devito.Eq(u.forward, devito.solve(wave, u.forward))
        dt = self._grid.stepping_dim.spacing
        shot = self._source.inject(field=u.forward, expr=self._source * dt**2 / self._slowness)
        received = self._receivers.interpolate(expr=u)
        parts = [update] + shot + received  # noqa: RUF005  # Devito's objects cannot be unpacked
        return devito.Operator(parts, subs=self._grid.spacing_map)

    def _backward(self, devito: Any) -> Any:
        v, u = self._adjoint, self._saved
        wave = self._slowness * v.dt2 - v.laplace + self._damping * v.dt.T
        update = devito.Eq(v.backward, devito.solve(wave, v.backward))
        dt = self._grid.stepping_dim.spacing
        injected = self._receivers.inject(
            field=v.backward, expr=self._receivers * dt**2 / self._slowness
        )
        correlated = devito.Eq(self._image, self._image - u * v)
        parts = [update] + injected + [correlated]  # noqa: RUF005  # likewise
        return devito.Operator(parts, subs=self._grid.spacing_map)


def _sponge(side: int, survey: Survey) -> Field:
    """Damping that grows from the image's edge outwards (Cerjan et al., Geophysics 50, 1985)."""
    inside = np.arange(side)
    depth = np.maximum(survey.border - inside, inside - (side - 1 - survey.border))
    across = np.clip(depth / survey.border, 0, 1)
    part = np.maximum.outer(across, across)
    # a thousandth is left of a wave that crosses the sponge and comes back
    strongest = 1.5 * np.log(1000) / (survey.border * survey.spacing)
    slope: Field = (strongest * (part - np.sin(2 * np.pi * part) / (2 * np.pi))).astype(np.float32)
    return slope


def _ricker(survey: Survey) -> NDArray[np.float64]:
    """The second derivative of a Gaussian (Ricker, Geophysics 18, 1953)."""
    time = np.arange(survey.steps) * survey.step - 1 / survey.frequency
    part = (np.pi * survey.frequency * time) ** 2
    wavelet: NDArray[np.float64] = (1 - 2 * part) * np.exp(-part)
    return wavelet


def _taper(size: int) -> Field:
    """Weights from 0 at the surface to 1 at a depth of `MUTED` cells."""
    depth = np.clip(np.arange(size) / MUTED, 0, 1)
    taper: Field = (depth**2 * (3 - 2 * depth)).astype(np.float32)
    return taper


def _laplacian(image: Field) -> Field:
    """The negative sum of second differences."""
    padded = np.pad(image, 1, mode="edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    filtered: Field = 4 * image - around
    return filtered
