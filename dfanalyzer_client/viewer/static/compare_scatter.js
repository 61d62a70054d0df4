// A scatter plot of each pair of axes.
import "./compare.js";
import { axisData, colouring, cut, described, limits, number, openExecution, tooltip } from "./axis_data.js";
import { colour, library, onTheme } from "./viewer.js";

const data = axisData();
const place = document.getElementById("scatter");
const MOST_AXES = 6; // 15 plots
const CELL = { width: 190, height: 150, gap: 16, left: 80, top: 10, bottom: 100 };
let chart = null;

// The last axes: the target is the last one, below all others.
const axes = data.axes.length > MOST_AXES ? [...data.axes.slice(0, MOST_AXES - 1), data.axes.at(-1)] : data.axes;

// The plots: a row for each axis but the first, a column for each but the last.
function plots() {
  const found = [];
  for (let row = 1; row < axes.length; row += 1) {
    for (let column = 0; column < row; column += 1) found.push([row, column]);
  }
  return found;
}

function axisOf(axis, isShown, isBelow) {
  const shared = {
    name: isShown ? cut(axis.title, 22) : "", nameLocation: "middle", nameGap: isBelow ? 34 : 58,
    nameTextStyle: { color: colour("--text"), fontSize: 12, fontWeight: 600 },
    axisLine: { onZero: false, lineStyle: { color: colour("--field-line") } }, splitLine: { show: true, lineStyle: { color: colour("--line") } },
  };
  const label = { show: isShown, color: colour("--text"), fontSize: 10, hideOverlap: true };
  if (axis.texts.length) {
    return { ...shared, type: "category", data: axis.texts, axisLabel: { ...label, formatter: (text) => cut(text, 9) } };
  }
  const [min, max] = limits(axis.values);
  const margin = (max - min) * 0.06;
  return {
    ...shared, type: "value", min: min - margin, max: max + margin, splitNumber: 3,
    axisLabel: { ...label, showMinLabel: false, showMaxLabel: false, formatter: number },
  };
}

function options() {
  const grid = [];
  const xAxis = [];
  const yAxis = [];
  const series = [];
  for (const [number_, [row, column]] of plots().entries()) {
    grid.push({ left: CELL.left + column * (CELL.width + CELL.gap), top: CELL.top + (row - 1) * (CELL.height + CELL.gap), width: CELL.width, height: CELL.height });
    xAxis.push({ ...axisOf(axes[column], row === axes.length - 1, true), gridIndex: number_ });
    yAxis.push({ ...axisOf(axes[row], column === 0, false), gridIndex: number_ });
    series.push({
      type: "scatter", xAxisIndex: number_, yAxisIndex: number_, symbolSize: 7, itemStyle: { opacity: 0.85, color: colour("--link") },
      data: data.runs.map((_, run) => [axes[column].values[run], axes[row].values[run], data.colours?.values[run] ?? "-", run]).filter(([x, y]) => x != null && y != null),
    });
  }
  const visualMap = colouring(data, 2);
  return {
    animation: false, grid, xAxis, yAxis, series, ...(visualMap ? { visualMap } : {}),
    tooltip: { ...tooltip(), formatter: (item) => described(data, item.value[3]) },
  };
}

async function draw() {
  await library("echarts.min.js");
  const count = axes.length - 1;
  place.style.width = `${CELL.left + count * (CELL.width + CELL.gap) + 10}px`;
  place.style.height = `${CELL.top + count * (CELL.height + CELL.gap) + CELL.bottom}px`;
  chart?.dispose();
  chart = echarts.init(place);
  chart.setOption(options());
  chart.on("click", (item) => openExecution(data, item.value?.[3]));
  place.dataset.drawn = "1";
}

if (place) {
  if (axes.length < data.axes.length) {
    document.getElementById("left-out").textContent = `${MOST_AXES} of ${data.axes.length} axes are shown: choose others above.`;
  }
  await draw();
  onTheme(draw);
}
