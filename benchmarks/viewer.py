"""`python -m benchmarks.viewer`: how quick the viewer is, in a database of many executions.

It fills a private database, which is removed in the end, or asks that of `--home`, to which it adds
some executions. Pages are opened in Debian's Chromium by Playwright; without them, those figures
are left out. `keras-prov view` runs in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from dfanalyzer_client import Dataflow, Task, client_for, shutdown
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.viewer import app
from dfanalyzer_client.viewer.navigation import SCREENS

from .asking_database import Size, fill, send_execution
from .figures import Report
from .homes import own_home
from .viewer_process import ViewerProcess, running
from .watched import watched_trainings

__all__ = ["main"]

MOST_COMPARED = 100
LINES, POINTS = 50, 10_000
LIVE = "live"
MB = 1e6

DRAW = """async ([lines, points]) => {
  const { drawCurves } = await import(new URL("static/curves.js", location.href));
  const epochs = Array.from({ length: points }, (_, epoch) => epoch);
  const series = Array.from({ length: lines }, (_, run) => ({
    run, training: 1, metric: "loss", epochs,
    values: epochs.map((epoch) => (run + 2) / (epoch + 2) + Math.random() / 50),
  }));
  const runs = series.map((_, id) => ({ id, execution: `execution ${id}` }));
  const place = document.createElement("div");
  document.getElementById("main").replaceChildren(place);
  const began = performance.now();
  const drawn = new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (!place.querySelector("canvas")) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
    }).observe(place, { childList: true, subtree: true });
  });
  drawCurves(place, { runs, series, adaptations: [], times: [] });
  return await drawn;
}"""
"""Milliseconds until many long curves are on the screen: the frame after the canvas is there."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, look and print."""
    options = _parser().parse_args(arguments)
    report = Report()
    report.add("a", "assets, raw", "MB", [_asset_bytes()], 1 / MB, "2")
    with _home(options) as home:
        with running(home) as viewer, _browser() as browser:
            _first_page(report, viewer, browser, options.repeats)
            _comparison(report, viewer, browser, options.repeats)
            if browser is None:
                print("Playwright or chromium is missing: no page was opened in a browser.")
            else:
                _drawing(report, viewer, browser, options.repeats)
                _live_epoch(report, viewer, browser, home, options.repeats)
        if options.pairs:
            watched_trainings(report, home, options.pairs)
    if options.json:
        report.write(options.json)


def _asset_bytes() -> int:
    """Bytes of all that browsers get beside pages and data."""
    return sum(path.stat().st_size for path in app.STATIC.rglob("*") if path.is_file())


def _first_page(report: Report, viewer: ViewerProcess, browser: Any, repeats: int) -> None:
    seconds = _timed(lambda: viewer.read("./"), repeats)
    report.add("b", "first page, answered", "s", seconds, 1, "1")
    if browser is not None:
        seconds = [_opened(browser, viewer, "./", "tbody tr") for _ in range(repeats)]
        report.add("b", "first page, in a new browser's window", "s", seconds, 1, "1")


def _comparison(report: Report, viewer: ViewerProcess, browser: Any, repeats: int) -> None:
    """The screen that compares, where it is installed."""
    if "compare" not in {screen.path for screen in SCREENS}:
        return
    path = f"compare?{urlencode([('run', name) for name in viewer.newest(MOST_COMPARED)])}"
    seconds = _timed(lambda: viewer.read(path), repeats)
    report.add("c", f"compare {MOST_COMPARED}, answered", "s", seconds, 1, "1")
    if browser is not None:
        seconds = [_opened(browser, viewer, path, "canvas") for _ in range(repeats)]
        report.add("c", f"compare {MOST_COMPARED}, first chart drawn", "s", seconds, 1, "1")


def _drawing(report: Report, viewer: ViewerProcess, browser: Any, repeats: int) -> None:
    with contextlib.closing(browser.new_context()) as context:
        page = _page(context, viewer, "./")
        page.evaluate(DRAW, [2, 100])  # loads the modules
        found = [page.evaluate(DRAW, [LINES, POINTS]) for _ in range(repeats)]
    report.add("d", f"{LINES} curves of {POINTS:,} points drawn", "s", found, 1e-3, "0.5")


def _live_epoch(
    report: Report, viewer: ViewerProcess, browser: Any, home: Path, repeats: int
) -> None:
    """From the moment that an epoch is stored until an open page shows it."""
    client = client_for(home=home)
    send_execution(client, LIVE, f"{LIVE}-done", 1)
    name = f"{LIVE}-{time.time_ns()}"
    flow = Dataflow(LIVE, client=client)
    flow.exec_tag = name
    training = Task(1, LIVE, name, tags.TRAINING)
    training.begin()
    found = []
    with contextlib.closing(browser.new_context()) as context:
        client.flush(None)
        page = _page(context, viewer, f"execution?run={name}")
        for epoch in range(repeats + 1):
            values = ["2026-01-05 08:00:00.000000", 1.0 + epoch, float(epoch), 1e-3, 0.5, 0.5]
            columns = [tags.EPOCH_ENDED, tags.ELAPSED_TIME, tags.EPOCH_ID, tags.LEARNING_RATE]
            training.stream(tags.TRAINING_OUTPUT, [*columns, "loss", "accuracy"]).send(values)
            client.flush(None)
            began = time.perf_counter()
            page.wait_for_function(
                "wanted => document.querySelector('[data-fact=epochs]').textContent === wanted",
                arg=str(epoch + 1),
                polling=10,
            )
            found.append(time.perf_counter() - began)
    training.end()
    client.flush(None)
    report.add("e", "an epoch's point, after it is stored", "s", found[1:], 1, "1")


def _opened(browser: Any, viewer: ViewerProcess, path: str, selector: str) -> float:
    """Seconds from the request of a page until something is there; the window has no cache."""
    with contextlib.closing(browser.new_context()) as context:
        page = _page(context, viewer, None)
        began = time.perf_counter()
        page.goto(viewer.address(path), wait_until="commit")
        page.wait_for_selector(selector)
        return time.perf_counter() - began


def _page(context: Any, viewer: ViewerProcess, path: str | None) -> Any:
    """A page that may open the viewer, and opens a path of it."""
    context.set_extra_http_headers({"Authorization": f"Bearer {viewer.token}"})
    page = context.new_page()
    if path is not None:
        page.goto(viewer.address(path))
    return page


def _timed(ask: Callable[[], object], repeats: int) -> list[float]:
    """How long something takes; the first time, which fills caches, does not count."""
    ask()
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        ask()
        found.append(time.perf_counter() - began)
    return found


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    """Chromium; None if it or Playwright is not installed."""
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        yield None
        return
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def _home(options: argparse.Namespace) -> Iterator[Path]:
    """A filled data folder; a temporary one is removed in the end."""
    if options.home is not None:
        try:
            yield options.home
        finally:
            shutdown()
            PrivateServer(options.home).stop()
        return
    with own_home() as home:
        size = Size(options.executions, options.epoch_rows, options.dataflows, 0)
        began = time.perf_counter()
        fill(home, size, say=lambda _: None)
        print(f"{size.executions:,} executions filled in {time.perf_counter() - began:.0f} s")
        try:
            yield home
        finally:
            shutdown()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.viewer", description="Measure the viewer."
    )
    size = Size()
    for name in ("executions", "epoch_rows", "dataflows"):
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(
            option, type=int, default=getattr(size, name), help="default: %(default)s"
        )
    parser.add_argument("--repeats", type=int, default=5, help="default: %(default)s")
    parser.add_argument(
        "--pairs", type=int, default=8, help="of trainings, watched and not; default: %(default)s"
    )
    parser.add_argument("--home", type=Path, help="a data folder that is filled already")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser


if __name__ == "__main__":
    main()
