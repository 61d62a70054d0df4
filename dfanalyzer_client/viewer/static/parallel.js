// Parallel coordinates: an axis for each value, a line for each execution. Ranges, logarithmic and
// flipped axes are in the address.
import { colouring, cut, described, limits, MISSING, number, openExecution, textAt, tooltip } from "./axis_data.js";
import { colour, element, library, onTheme, setState, stateOf } from "./viewer.js";

const NARROW = 640;
const WIDE_AXIS = 110;
const MOST_LINKS = 20;
let data = null;
let place = null;
let isLinked = false; // to the pages of executions
let isLog = new Set();
let isFlipped = new Set();
let brushes = new Map(); // by name: [lowest, highest]
let chart = null;
let isShowing = false; // a range that was known before

function all(name) {
  return new URLSearchParams(location.search).getAll(name);
}

function parsed(text) {
  try {
    const [name, low, high] = JSON.parse(text);
    return typeof low === "number" && typeof high === "number" && data.axes.some((axis) => axis.name === name) ? [name, [low, high]] : null;
  } catch { return null; }
}

function canBeLog(name) {
  const axis = data.axes.find((each) => each.name === name);
  return axis && !axis.texts.length && axis.values.some((value) => value > 0) && axis.values.every((value) => value == null || value > 0);
}

// Logarithmic axes are linear ones over logarithms: ranges are then exact.
const scaled = (axis, value) => (isLog.has(axis.name) ? Math.log10(value) : value);
const unscaled = (axis, value) => (isLog.has(axis.name) ? 10 ** value : value);

function keep() {
  setState({ log_axis: [...isLog], flip_axis: [...isFlipped], brush: [...brushes].map(([name, [low, high]]) => JSON.stringify([name, low, high])) });
  showKept();
}

// ---------------------------------------------------------------- the chart

function options() {
  const vertical = place.clientWidth < NARROW;
  const line = { lineStyle: { color: colour("--field-line") } };
  const lines = data.runs.map((_, run) => ({
    value: [...data.axes.map((axis) => (axis.values[run] == null ? MISSING : scaled(axis, axis.values[run]))), data.colours?.values[run] ?? MISSING],
    name: data.runs[run].label,
  }));
  const visualMap = colouring(data, data.axes.length);
  return {
    animation: false,
    tooltip: { ...tooltip(), trigger: "item", formatter: (item) => described(data, item.dataIndex) },
    parallel: vertical
      ? { layout: "vertical", left: 24, right: 24, top: 40, bottom: 70, parallelAxisDefault: {} }
      : { left: 60, right: 90, top: 50, bottom: visualMap ? 60 : 24 },
    parallelAxis: data.axes.map((axis, dim) => {
      const [min, max] = limits(axis.values.map((value) => (value == null ? null : scaled(axis, value))));
      return {
        dim, id: `axis-${dim}`, name: cut(axis.title, vertical ? 40 : 18) + (isLog.has(axis.name) ? " (log)" : ""), inverse: isFlipped.has(axis.name),
        nameTextStyle: { color: colour("--text"), fontSize: 12, fontWeight: 600, ...(vertical ? { align: "left", verticalAlign: "bottom", padding: [0, 0, 6, 0] } : {}) },
        nameLocation: vertical === isFlipped.has(axis.name) ? "end" : "start", nameGap: vertical ? 0 : 14,
        axisLine: line, axisTick: line, axisLabel: { color: colour("--text"), fontSize: 11, hideOverlap: true, textBorderColor: colour("--page"), textBorderWidth: 3, formatter: (value) => cut(axis.texts.length ? value : number(unscaled(axis, value)), 14) },
        areaSelectStyle: { width: 18, borderWidth: 1, borderColor: colour("--link"), color: colour("--link"), opacity: 0.25 },
        ...(axis.texts.length ? { type: "category", data: axis.texts, boundaryGap: true } : { type: "value", min, max, splitNumber: 4 }),
      };
    }),
    ...(visualMap ? { visualMap } : {}),
    series: [{
      type: "parallel", data: lines, smooth: false, inactiveOpacity: 0.06, activeOpacity: 0.9, progressive: 0,
      lineStyle: { width: lines.length > 200 ? 1 : 1.8, opacity: lines.length > 200 ? 0.4 : 0.8, color: colour("--link") },
      emphasis: { lineStyle: { width: 3.5, opacity: 1 } },
    }],
  };
}

async function draw() {
  if (typeof echarts === "undefined") await library("echarts.min.js");
  place.style.minWidth = place.parentElement.clientWidth < NARROW ? "" : `${data.axes.length * WIDE_AXIS}px`;
  if (place.clientWidth < NARROW) place.style.height = `${120 + data.axes.length * 64}px`;
  chart?.dispose();
  chart = echarts.init(place, null, { renderer: "canvas" });
  chart.setOption(options());
  chart.on("axisareaselected", brushed);
  if (isLinked) chart.on("click", (item) => openExecution(data, item.dataIndex));
  for (const axis of data.axes) showBrush(axis);
  place.dataset.drawn = "1";
}

// A range of an axis was dragged; ECharts says it in the scale of the axis.
function brushed({ parallelAxisId, intervals }) {
  const axis = data.axes[Number(String(parallelAxisId).replace("axis-", ""))];
  if (isShowing || !axis) return;
  const [range] = intervals ?? [];
  if (range) brushes.set(axis.name, range.map((end) => unscaled(axis, end)).sort((a, b) => a - b)); else brushes.delete(axis.name);
  keep();
  rows();
}

function showBrush(axis) {
  const range = brushes.get(axis.name);
  const intervals = range ? [range.map((end) => scaled(axis, end)).map((end) => (Number.isFinite(end) ? end : -1e300))] : [];
  isShowing = true;
  chart.dispatchAction({ type: "axisAreaSelect", parallelAxisId: `axis-${data.axes.indexOf(axis)}`, intervals });
  isShowing = false;
}

// ---------------------------------------------------------------- the table of axes

function rows() {
  const body = document.getElementById("axis-rows");
  if (body.contains(document.activeElement) && body.childElementCount) return;
  body.replaceChildren(...data.axes.map(rowOf));
}

function rowOf(axis) {
  const range = brushes.get(axis.name);
  const title = cut(axis.title, 40);
  const box = (set, text, disabled) => element("input", { type: "checkbox", checked: set.has(axis.name), disabled, "aria-label": `${text} ${title}`,
    on: { change: (event) => { if (event.target.checked) set.add(axis.name); else set.delete(axis.name); keep(); draw(); } } });
  const cells = axis.texts.length ? textCells(axis, range, title) : numberCells(axis, range, title);
  return element("tr", {}, element("th", { scope: "row", title: axis.title }, title), ...cells,
    element("td", {}, box(isLog, "Logarithmic:", !canBeLog(axis.name))), element("td", {}, box(isFlipped, "Flipped:", false)));
}

function numberCells(axis, range, title) {
  const [low, high] = limits(axis.values);
  const inputs = [["from", low], ["to", high]].map(([side, end], place) => element("input", {
    type: "number", step: "any", value: range ? String(Number(range[place].toPrecision(6))) : "", placeholder: number(end), "aria-label": `${title} ${side}`, on: { change: use },
  }));
  function use() {
    const ends = inputs.map((input, place) => (input.value === "" ? [low, high][place] : Number(input.value)));
    if (inputs.every((input) => input.value === "")) brushes.delete(axis.name); else brushes.set(axis.name, ends.sort((a, b) => a - b));
    keep();
    showBrush(axis);
  }
  return inputs.map((input) => element("td", {}, input));
}

function textCells(axis, range, title) {
  const only = range && axis.texts.findIndex((_, place) => range[0] <= place && place <= range[1]);
  const select = element("select", { "aria-label": `${title} only`, on: { change: use } }, element("option", { value: "" }, "any"),
    ...axis.texts.map((text, place) => element("option", { value: place, selected: range != null && place === only }, cut(text, 40))));
  function use() {
    if (select.value === "") brushes.delete(axis.name); else brushes.set(axis.name, [Number(select.value) - 0.4, Number(select.value) + 0.4]);
    keep();
    showBrush(axis);
  }
  return [element("td", { colspan: 2 }, select)];
}

// ---------------------------------------------------------------- what is in all ranges

function kept() {
  return data.runs.map((_, run) => run).filter((run) => data.axes.every((axis) => {
    const range = brushes.get(axis.name);
    const value = axis.values[run];
    return !range || (value != null && range[0] <= value && value <= range[1]);
  }));
}

function showKept() {
  const runs = kept();
  const links = document.getElementById("kept-links");
  if (!brushes.size) {
    document.getElementById("kept").textContent = "";
    links.replaceChildren();
    return;
  }
  document.getElementById("kept").textContent = `${runs.length} of ${data.runs.length} executions are in the ranges.`;
  const query = new URLSearchParams(runs.map((run) => ["run", data.runs[run].execution]));
  query.set("view", "parallel");
  const clear = element("button", { type: "button", class: "quiet", on: { click: () => { brushes.clear(); keep(); for (const axis of data.axes) showBrush(axis); rows(); } } }, "Clear the ranges");
  links.replaceChildren(...(runs.length && isLinked ? [element("a", { href: `compare?${query}` }, "Compare only these")] : []), " ", clear, " ",
    ...runs.slice(0, MOST_LINKS).flatMap((run) => [" · ", nameOf(data.runs[run])]),
    ...(runs.length > MOST_LINKS ? [` and ${runs.length - MOST_LINKS} more`] : []));
}

function nameOf({ execution, label }) {
  if (!isLinked) return element("span", { title: execution }, label);
  return element("a", { href: `execution?${new URLSearchParams({ run: execution })}`, title: execution }, label);
}

// Draw the data that axis_data.js describes into #parallel, and its axes into the table below.
export async function drawParallel(axes, linked) {
  data = axes;
  isLinked = linked;
  place = document.getElementById("parallel");
  if (!place) return;
  isLog = new Set(all("log_axis").filter((name) => canBeLog(name)));
  isFlipped = new Set(all("flip_axis"));
  brushes = new Map(all("brush").map(parsed).filter(Boolean));
  rows();
  showKept();
  await draw();
  onTheme(draw);
  new ResizeObserver(() => { if (chart && chart.getWidth() !== place.clientWidth) draw(); }).observe(place);
}
