// One execution: its curves.
import { drawCurves } from "./curves.js";
import { pageData } from "./viewer.js";

drawCurves(document.getElementById("curves"), pageData("curve-data"), {});
