// The statement is sent by Ctrl + Enter; two columns of its rows can be plotted.
import { colour, element, onTheme, pageData, setState, stateOf } from "./viewer.js";

const form = document.getElementById("ask");
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

const ROW = "row number";
const HEIGHT = 300;
const place = document.getElementById("plot");
if (place) offerPlot();

function offerPlot() {
  const found = pageData("plotted");
  const names = Object.keys(found);
  if (!names.length) return;
  const count = found[names[0]].values.length;
  const columns = { [ROW]: { isTime: false, values: Array.from({ length: count }, (_, number) => number + 1) }, ...found };
  const y = choice("Plot", ["", ...names], "y", "nothing");
  const x = choice("over", [ROW, ...names], "x");
  const as = choice("as", ["points", "line"], "as");
  const chart = element("div", { class: "plot" });
  place.append(element("div", { class: "bar" }, y.label, x.label, as.label), chart);
  place.hidden = false;

  let plot = null;
  function draw() {
    plot?.destroy();
    plot = null;
    if (y.value()) plot = plotted(chart, columns, x.value(), y.value(), as.value() === "line");
  }
  for (const each of [x, y, as]) {
    each.select.addEventListener("change", () => { setState({ [each.name]: each.chosen() }); draw(); });
  }
  onTheme(draw);
  new ResizeObserver(() => plot?.setSize({ width: chart.clientWidth, height: HEIGHT })).observe(chart);
  draw();
}

// A choice that is kept in the address; the first one is not written there.
function choice(title, names, name, none = "") {
  const now = stateOf(name, names[0]);
  const select = element("select", {}, ...names.map((each) => element("option", { value: each, selected: each === now }, each || none)));
  return {
    name, select,
    label: element("label", {}, title, select),
    value: () => select.value,
    chosen: () => (select.value === names[0] ? "" : select.value),
  };
}

function plotted(chart, columns, xName, yName, isLine) {
  const [xs, ys] = [columns[xName], columns[yName]];
  const isNumber = (value) => typeof value === "number";
  const pairs = xs.values.map((value, row) => [value, ys.values[row]]).filter(([value]) => isNumber(value));
  pairs.sort(([a], [b]) => a - b);
  const axis = { stroke: colour("--text"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, font: "12px system-ui, sans-serif" };
  const stroke = colour("--curve-0");
  return new uPlot({
    width: chart.clientWidth || 480,
    height: HEIGHT,
    scales: { x: { time: xs.isTime, range: (_, low, high) => (low === high ? [low - 0.5, high + 0.5] : [low, high]) }, y: { time: ys.isTime } },
    axes: [{ ...axis, label: xName }, { ...axis, label: yName, size: 80 }],
    series: [{ label: xName }, { label: yName, stroke, width: isLine ? 1.5 : 0, paths: isLine ? undefined : () => null, points: { show: isLine ? undefined : true, size: 6, fill: stroke } }],
    cursor: { drag: { x: true, y: false } },
  }, [pairs.map(([value]) => value), pairs.map(([, value]) => (isNumber(value) ? value : null))], chart);
}
