"""Take the pictures of the viewer that the documentation shows: ``python -m tools.screenshots``.

Names after that, as ``viewer-steering``, choose some of them.
It trains small networks into a database of its own, starts the viewer, and lets Debian's Chromium
look at it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PICTURES", "Picture", "main"]

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
SIZE = {"width": 1280, "height": 800}

TRAININGS = """
import numpy as np
import keras_prov as keras

KEYS = {"LEARNING_RATE": True, "MOMENTUM": True, "BATCH_SIZE": True, "NUM_EPOCHS": True}
generator = np.random.default_rng(7)
x = generator.random((512, 4))
y = np.sin(3 * x.sum(axis=1)) + generator.normal(0, 0.05, 512)


def fitted(model, name, rate, target, epochs):
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), loss="mse")
    model.provenance(name, hyps={**KEYS, "DATASET": True})
    best = keras.callbacks.ModelCheckpoint(f"{name}.keras", save_best_only=True)
    model.fit(x, target, epochs=epochs, validation_split=0.25, callbacks=[best], verbose=0)
    model.evaluate(x[:64], target[:64], verbose=0)
    keras.flush()


class Asks(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        asked = {"person": "Ada"}
        if epoch == 15:
            keras.flush()
            why = "the loss jumps"
            keras.steer(self.model.exec_tag, set={"learning_rate": 0.01}, reason=why, **asked)
        if epoch == 60:
            keras.steer(self.model.exec_tag, stop=True, reason="four layers are too few", **asked)


block = inputs = keras.Input((4,))
for _ in range(4):
    found = keras.layers.Dense(16, activation="relu")(block)
    block = keras.layers.Concatenate()([block, found])
steered = keras.Model(inputs, keras.layers.Dense(1)(block))
steered.compile(keras.optimizers.Adam(0.1), loss="mse")
steered.provenance("steered", adaptation=True, steering=True, hyps=KEYS)
steered.fit(
    x, y, batch_size=64, epochs=1000, validation_split=0.25, callbacks=[Asks()], verbose=0
)
keras.flush()
first = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(1)]
)
fitted(first, "pretrained", 0.05, np.sin(2 * x.sum(axis=1)), 20)
fitted(keras.models.load_model("pretrained.keras"), "tuned", 0.02, y, 20)
for number, (rate, momentum) in enumerate([(0.01, 0.0), (0.05, 0.0), (0.02, 0.9), (0.1, 0.9)], 1):
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(rate, momentum=momentum), loss="mse", metrics=["mae"])
    model.provenance("waves", adaptation=True, hyps=KEYS)
    plateau = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=4, min_delta=0.002)
    model.fit(x, y, epochs=40, batch_size=32, validation_split=0.25, callbacks=[plateau], verbose=0)
    model.save(f"waves-{number}.keras")
    model.evaluate(x, y, verbose=0)
    keras.flush()
keras.tag("last", "baseline")
keras.note("last", "Reaches the noise.")
keras.flush()
"""


@dataclass(frozen=True)
class Picture:
    """A picture of a page.

    Attributes:
        name: of its file, without the suffix.
        path: of the page; ``{0}``, ``{1}`` … are the executions, the newest first.
        ready: a selector of what has to be there.
        scheme: dark or light.
        height: of the window.
    """

    name: str
    path: str
    ready: str
    scheme: str = "light"
    height: int = 800


PICTURES = (
    Picture("viewer-executions", "./", "svg.spark", height=460),
    Picture("viewer-execution", "execution?run={0}", ".adaptation", height=640),
    Picture(
        "viewer-compare",
        "compare?run={0}&run={1}&run={2}&run={3}",
        "#curves:not([aria-busy]) figure:nth-child(2) .adaptation",
        height=720,
    ),
    Picture("viewer-steering", "execution?run={6}", ".adaptation", height=640),
    Picture("viewer-lineage", "lineage?run={4}", ".node.chosen", "dark", height=640),
)


def main(names: Sequence[str]) -> None:
    """Write the named pictures, or all of them, if there are their screens."""
    from dfanalyzer_client.viewer.navigation import SCREENS

    known = {screen.path.strip("./") for screen in SCREENS} | {"execution"}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "KERAS_PROV_HOME": f"{folder}/home"}
        environment.pop("KERAS_PROV_STORE", None)
        command = [sys.executable, "-m", "dfanalyzer_client.cli"]
        subprocess.run(  # noqa: S603  # our own program
            [sys.executable, "-c", TRAININGS], cwd=folder, env=environment, check=True
        )
        viewer = subprocess.Popen(  # noqa: S603  # our own command
            [*command, "view", "--no-browser", "--port", "0"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            chosen = [each for each in PICTURES if each.name in names or not names]
            screens = [(each, each.path.partition("?")[0].strip("./")) for each in chosen]
            _take(viewer, [picture for picture, screen in screens if screen in known])
        finally:
            viewer.terminate()
            viewer.wait()
            subprocess.run(  # noqa: S603  # our own command
                [*command, "server", "stop"], env=environment, check=False
            )


def _take(viewer: subprocess.Popen[str], pictures: list[Picture]) -> None:
    from playwright.sync_api import sync_playwright

    assert viewer.stderr is not None  # noqa: S101  # it is a pipe
    found = re.search(r"http://\S+", viewer.stderr.readline())
    if found is None:
        raise SystemExit("error: the viewer did not start.")
    link = found[0]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for picture in pictures:
            _take_one(browser, link, picture)
        browser.close()


def _take_one(browser: Any, link: str, picture: Picture) -> None:
    context = browser.new_context(
        viewport={**SIZE, "height": picture.height}, color_scheme=picture.scheme
    )
    page = context.new_page()
    page.goto(link)
    page.wait_for_selector("tbody tr")
    names = page.locator("tbody input[name=run]").evaluate_all("boxes => boxes.map(b => b.value)")
    page.goto(link.partition("?")[0] + picture.path.removeprefix("./").format(*names))
    page.wait_for_selector(picture.ready, state="attached")
    page.evaluate("() => new Promise(requestAnimationFrame)")  # what is drawn last
    target = FOLDER / f"{picture.name}.png"
    page.screenshot(path=target)
    sys.stdout.write(f"{target}\n")
    context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
