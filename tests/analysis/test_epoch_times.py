"""When epochs ended, and curves by few points."""

from __future__ import annotations

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client.analysis.by_epoch.epoch_times import epoch_times
from dfanalyzer_client.analysis.by_epoch.sampled_curves import sampled_curves
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from small_models import data, small_model


def test_epochs_of_each_training_have_their_times(home: object, tag: str) -> None:
    """Times are seconds since the run began, rise with the epochs, and go on in a second fit()."""
    model = small_model()
    model.provenance(dataflow_tag=tag)
    model.fit(*data(), epochs=3, verbose=0)
    model.fit(*data(), epochs=2, verbose=0)
    keras.flush()
    (run,) = dfanalyzer_client.runs(dataflow=tag)
    with Connection(PrivateServer(home).reader_url()) as connection:  # type: ignore[arg-type]
        times = epoch_times(connection, [run])
    assert {number: list(epochs) for number, epochs in times[run.id].items()} == {
        1: [0, 1, 2],
        2: [0, 1],
    }
    seconds = [value for epochs in times[run.id].values() for value in epochs.values()]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0
    assert seconds[-1] <= (run.seconds or 0)


def test_a_sampled_curve_has_every_nth_epoch(home: object, tag: str) -> None:
    """Ten epochs by at most five points are every second one, of this metric only."""
    model = small_model()
    model.provenance(dataflow_tag=tag)
    losses = model.fit(*data(), epochs=10, verbose=0).history["loss"]
    keras.flush()
    (run,) = dfanalyzer_client.runs(dataflow=tag)
    with Connection(PrivateServer(home).reader_url()) as connection:  # type: ignore[arg-type]
        assert sampled_curves(connection, [run], "loss", 5) == {run.id: losses[::2]}
        assert sampled_curves(connection, [run], "no_metric", 5) == {}
