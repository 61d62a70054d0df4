// The view of parallel coordinates.
import "./compare.js";
import { axisData } from "./axis_data.js";
import { drawParallel } from "./parallel.js";

drawParallel(axisData(), true);
