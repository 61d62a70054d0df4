// Above curves: which metrics, log axis, smoothing, and epochs or time. The state is the address.
import { chartNames } from "./curves.js";
import { element, setState, stateOf } from "./viewer.js";

const FIRST = 12; // so many charts are shown where nobody has chosen

// What the address says, as options of drawCurves.
export function curveOptions(data) {
  const chosen = new URLSearchParams(location.search).getAll("metric");
  const names = chartNames(data);
  return {
    metrics: chosen.length ? chosen : names.length > FIRST ? names.slice(0, FIRST) : null,
    log: stateOf("log") === "1",
    smoothing: Math.min(0.99, Math.max(0, Number(stateOf("smooth", "0")) || 0)),
    x: stateOf("x") === "time" ? "time" : "epoch",
  };
}

// Put the controls into a container; `changed(options)` is called when one was used.
// Returns a function that shows the metrics of new data.
export function curveControls(container, data, changed) {
  let now = data;
  const use = (changes) => { setState(changes); changed(curveOptions(now)); };
  const start = curveOptions(data);

  const log = element("input", { type: "checkbox", checked: start.log, on: { change: () => use({ log: log.checked ? "1" : "" }) } });
  const smooth = element("input", {
    type: "range", min: "0", max: "0.95", step: "0.05", value: String(start.smoothing),
    on: { input: () => { shown.textContent = smooth.value; use({ smooth: smooth.value === "0" ? "" : smooth.value }); } },
  });
  const shown = element("output", {}, String(start.smoothing));
  const x = element("select", { on: { change: () => use({ x: x.value === "time" ? "time" : "" }) } },
    element("option", { value: "epoch", selected: start.x === "epoch" }, "epoch"),
    element("option", { value: "time", selected: start.x === "time" }, "time"));
  const boxes = element("div", { class: "choices" });
  const summary = element("summary", {}, "Metrics");
  const metrics = element("details", { class: "columns" }, summary, boxes);

  function choose() {
    const chosen = [...boxes.querySelectorAll("input:checked")].map((box) => box.value);
    use({ metric: chosen.length === boxes.childElementCount ? [] : chosen });
    count();
  }
  function count() {
    const all = boxes.childElementCount;
    const some = boxes.querySelectorAll("input:checked").length;
    summary.textContent = some === all ? `Metrics (${all})` : `Metrics (${some} of ${all})`;
  }
  function list() {
    const { metrics: wanted } = curveOptions(now);
    boxes.replaceChildren(...chartNames(now).map((name) => element("label", {},
      element("input", { type: "checkbox", value: name, checked: !wanted || wanted.includes(name), on: { change: choose } }), ` ${name}`)));
    count();
  }
  container.replaceChildren(
    element("label", {}, log, " log axis"),
    element("label", { class: "inline single" }, "smoothing ", smooth, " ", shown),
    element("label", { class: "inline single" }, "over ", x),
    metrics,
  );
  list();
  return (newData) => {
    const before = chartNames(now).join();
    now = newData;
    if (chartNames(now).join() !== before) list();
  };
}
