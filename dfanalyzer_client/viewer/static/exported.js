// The page of executions that is one file: its curves, and what it shows of a comparison.
import { drawCurves } from "./curves.js";
import { pageData } from "./viewer.js";

const data = pageData("curve-data");
drawCurves(document.getElementById("curves"), data, {});
document.getElementById("no-curves").hidden = data.series.length > 0;
