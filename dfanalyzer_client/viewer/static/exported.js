// The page of executions that is one file: its curves, with the viewer's own controls.
import { curveControls, curveOptions } from "./curve_controls.js";
import { drawCurves } from "./curves.js";
import { pageData } from "./viewer.js";

const data = pageData("curve-data");
document.getElementById("no-curves").hidden = data.series.length > 0;
if (data.series.length) {
  const named = (options) => ({ ...options, names: data.names });
  const curves = drawCurves(document.getElementById("curves"), data, named(curveOptions(data)));
  curveControls(document.getElementById("controls"), data, (options) => curves.update(data, named(options)));
}

const system = document.getElementById("system-curves");
if (system) {
  const section = system.closest("details");
  const draw = () => {
    if (section.open && !system.childElementCount) drawCurves(system, pageData("system-data"), { xLabel: "seconds" });
  };
  section.addEventListener("toggle", draw);
}
