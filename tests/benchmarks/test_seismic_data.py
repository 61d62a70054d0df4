"""The pairs that the benchmark trains on: real migrations, the same for the same parameters."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.migration import Migration, Survey
from benchmarks.seismic_data import (
    GENERATION,
    Parameters,
    declare_generation,
    layered_velocity,
    record_generation,
    samples,
)
from dfanalyzer_client import Dataflow

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        shutil.which("gcc") is None, reason="Devito compiles its propagators with gcc"
    ),
]
SMALL = Survey(size=32, border=12, duration=400.0, shots=3)
TINY = Parameters(count=3, seed=1, survey=SMALL)


@pytest.fixture(scope="module")
def migration() -> Migration:
    """One survey, compiled once."""
    return Migration(SMALL)


def test_an_interface_is_seen_where_it_is(migration: Migration) -> None:
    """The picture's strongest row is that of the jump in velocity; without one there is nothing."""
    velocity = np.full((32, 32), 1.8, np.float32)
    flat = migration.image(velocity)
    velocity[:, 16:] = 2.6
    image = migration.image(velocity)
    strength = np.abs(image[8:-8, 6:]).mean(axis=0)
    assert abs(6 + int(strength.argmax()) - 16) <= 2
    assert np.abs(flat).max() < np.abs(image).max() / 1000


def test_a_migration_leaves_the_processor_as_it_was(migration: Migration) -> None:
    """Subnormal floats are not flushed to zero afterwards, in a training of the same process."""
    migration.image(np.full((32, 32), 1.8, np.float32))
    assert np.float32(2.0**-149) > 0
    assert np.nextafter(0.0, 1.0) > 0


def test_a_faster_layer_changes_the_picture_below_it(migration: Migration) -> None:
    """Two interfaces give two reflections."""
    velocity = np.full((32, 32), 1.8, np.float32)
    velocity[:, 10:] = 2.4
    velocity[:, 22:] = 3.2
    strength = np.abs(migration.image(velocity)[8:-8]).mean(axis=0)
    assert strength[20:25].max() > 2 * strength[14:18].min()


def test_velocities_are_layered_and_seeded() -> None:
    """As many as the parameters allow, faster downwards, between the bounds; the seed decides."""
    parameters = Parameters()
    first, again, other = (
        layered_velocity(np.random.default_rng(seed), parameters) for seed in (5, 5, 6)
    )
    assert first.shape == (64, 64)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    for seed in range(20):
        velocity = layered_velocity(np.random.default_rng(seed), parameters)
        assert 1 <= len(np.unique(velocity)) <= parameters.layers[1]
        assert (np.diff(velocity, axis=1) >= 0).all()
        low, high = parameters.velocities
        assert low <= velocity.min() <= velocity.max() <= high


def test_a_set_is_made_once_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A progress bar while it is made; the same file from the same parameters; another one else."""
    made = samples(TINY, tmp_path)
    assert "Migrating 3 fields" in capsys.readouterr().out
    assert made.images.shape == made.velocities.shape == (3, 32, 32, 1)
    assert made.images.std() == pytest.approx(1)
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()
    kept = samples(TINY, tmp_path)
    assert "Migrating" not in capsys.readouterr().out
    np.testing.assert_array_equal(kept.images, made.images)
    anew = samples(TINY, tmp_path / "other")
    assert anew.path.name == made.path.name
    np.testing.assert_array_equal(anew.velocities, made.velocities)
    np.testing.assert_allclose(anew.images, made.images, rtol=1e-4, atol=1e-4)
    assert Parameters(3, 2, SMALL).path(tmp_path) != made.path


def test_making_data_is_a_task_of_the_dataflow(tmp_path: Path, tag: str, ask: Any) -> None:
    """With its parameters, its file and what the file holds."""
    made = samples(TINY, tmp_path)
    dataflow = Dataflow(tag)
    declare_generation(dataflow)
    dataflow.save()
    record_generation(dataflow, TINY, made)
    assert ask.set(tag, "iGeneratingData", "samples, random_seed, grid, shots, frequency") == [
        (3, 1, 32, 3, 0.02)
    ]
    assert ask.set(tag, "oGeneratingData", "path, sha256") == [(str(made.path), made.sha256)]
    files = ask.rows(
        'SELECT f.path, f.mode FROM "public".file f '
        f'JOIN "{tag}".ogeneratingdata o ON o.{GENERATION.lower()}_task_id = f.task_id'
    )
    assert files == [(str(made.path), "written")]
