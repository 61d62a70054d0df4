// The page of executions that is one file: its curves, with the viewer's own controls, and parallel
// coordinates.
import { axisData } from "./axis_data.js";
import { curveControls, curveOptions } from "./curve_controls.js";
import { drawCurves } from "./curves.js";
import { grouped, INTERVALS } from "./groups.js";
import { drawParallel } from "./parallel.js";
import { element, pageData, setState, stateOf } from "./viewer.js";

const data = pageData("curve-data");
const controls = document.getElementById("controls");
document.getElementById("no-curves").hidden = data.series.length > 0;

// What is drawn, and how: each execution, or the means of those with the same value.
function shown(options) {
  const group = stateOf("group");
  const texts = data.groups[group];
  if (!texts) return [data, { ...options, names: data.names }];
  return [grouped(data, group, texts, stateOf("interval", "mean")), { metrics: options.metrics, log: options.log }];
}

function choice(name, pairs, otherwise, changed) {
  const chosen = stateOf(name, otherwise);
  return element("select", { on: { change: (event) => { setState({ [name]: event.target.value === otherwise ? "" : event.target.value }); changed(); } } },
    ...pairs.map(([value, text]) => element("option", { value, selected: value === chosen }, text)));
}

function groupControls(changed) {
  const interval = element("label", { class: "inline" }, "with ", choice("interval", Object.entries(INTERVALS), "mean", changed));
  const names = Object.keys(data.groups).map((name) => [name, name]);
  const group = element("label", { class: "inline" }, "a curve for ", choice("group", [["", "each execution"], ...names], "", () => { fit(); changed(); }));
  function fit() {
    const isGrouped = stateOf("group") in data.groups;
    interval.hidden = !isGrouped;
    for (const label of controls.querySelectorAll(".single")) label.hidden = isGrouped;
  }
  controls.prepend(group, interval);
  fit();
}

if (data.series.length) {
  const curves = drawCurves(document.getElementById("curves"), ...shown(curveOptions(data)));
  const draw = () => curves.update(...shown(curveOptions(data)));
  curveControls(controls, data, draw);
  if (Object.keys(data.groups).length) groupControls(draw);
}

if (document.getElementById("axes-data")) drawParallel(axisData(), false);

const system = document.getElementById("system-curves");
if (system) {
  const section = system.closest("details");
  const draw = () => {
    if (section.open && !system.childElementCount) drawCurves(system, pageData("system-data"), { xLabel: "seconds" });
  };
  section.addEventListener("toggle", draw);
}
