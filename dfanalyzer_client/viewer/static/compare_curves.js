// Curves of several executions: one over the other, or as means of groups.
import { asked } from "./compare.js";
import { baseName, drawCurves } from "./curves.js";
import { grouped, INTERVALS } from "./groups.js";
import { swatchOf } from "./curve_styles.js";
import { element, listen, onTheme, pageData, setState, showProblem, stateOf } from "./viewer.js";

const page = pageData("compare-data");
const ENDED = ["FINISHED", "FAILED", "INTERRUPTED", "PRUNED", "ABANDONED"];
const container = document.getElementById("curves");
const reading = document.getElementById("reading");
const none = document.getElementById("no-curves");
const names = page.runs.map((run) => run.label);
const places = new Map(page.runs.map((run, place) => [run.execution, place]));
const KINDS = ["series", "adaptations", "times"];
let data = { runs: page.runs, series: [], adaptations: [], times: [] };
let loaded = new Set(); // names of charts
let hasAdaptations = false;
let asking = 0; // the number of the last load
let charts = null;
let source = null;

function chosenCharts() {
  const chosen = stateOf("metric") ? new URLSearchParams(location.search).getAll("metric") : page.first;
  return chosen.filter((name) => page.charts.includes(name));
}

function hidden() {
  return new Set(new URLSearchParams(location.search).getAll("hide"));
}

// What is drawn, and how, as the address says.
function shown() {
  const off = hidden();
  const isShown = (each) => !off.has(page.runs[each.run].execution);
  const some = { ...data, series: data.series.filter(isShown), adaptations: data.adaptations.filter(isShown) };
  const group = page.groups[stateOf("group")] ? stateOf("group") : "";
  const options = { metrics: chosenCharts(), log: stateOf("log") === "1" };
  if (group) {
    return [grouped(some, group, page.groups[group], stateOf("interval", "mean")), options];
  }
  const smoothing = Math.min(0.95, Math.max(0, Number(stateOf("smooth", "0")) || 0));
  return [some, { ...options, smoothing, x: stateOf("x") === "time" ? "time" : "epoch", names }];
}

function draw() {
  const [some, options] = shown();
  if (charts) charts.update(some, options); else charts = drawCurves(container, some, options);
  none.hidden = page.charts.length > 0 || data.series.length > 0;
}

// Chart after chart, so that each is there as soon as it is read.
async function load() {
  const number = ++asking;
  container.setAttribute("aria-busy", "true");
  reading.hidden = charts !== null;
  try {
    for (const name of page.charts.filter((each) => chosenCharts().includes(each) && !loaded.has(each))) {
      const query = new URLSearchParams(location.search);
      query.set("metric", name);
      const found = await asked(`compare/curves?${query}`);
      if (number !== asking) return;
      take(found, name);
    }
    if (!hasAdaptations) {
      hasAdaptations = true;
      data.adaptations = await asked(`compare/adaptations${location.search}`);
    }
    draw();
    follow();
  } catch (error) {
    showProblem(error.message);
  }
  reading.hidden = true;
  container.removeAttribute("aria-busy");
}

// Curves of a chart, as they come from the viewer.
function take(found, name) {
  loaded.add(name);
  const isOther = (each) => baseName(each.metric) !== name;
  const series = sorted([...data.series.filter(isOther), ...found.series]);
  data = { ...data, series, stretch: Math.max(data.stretch ?? 1, found.stretch), times: found.times.length ? found.times : data.times };
  say("left-out", found.runs.length < page.total, `Curves of the first ${found.runs.length} of ${page.total} executions: a page takes 200, with a million points in all. Choose fewer executions or metrics to see others.`);
  say("thinned", found.stretch > 1, `Of many points, the lowest and the highest of each ${found.stretch} epochs are drawn. Choose fewer executions to see all.`);
  draw();
}

function say(id, isSaid, text) {
  const place = document.getElementById(id);
  if (isSaid) place.textContent = text;
  place.hidden = !isSaid;
}

// In the order of the charts, which begin with the loss.
function sorted(series) {
  const order = new Map(page.charts.map((name, place) => [name, place]));
  const place = (each) => order.get(baseName(each.metric)) ?? order.size;
  return [...series].sort((a, b) => place(a) - place(b));
}

// New points of the executions that train.
function follow() {
  source?.close();
  const running = page.runs.filter((run) => !ENDED.includes(run.status)).map((run) => run.execution);
  if (!running.length) return;
  const query = new URLSearchParams();
  for (const name of running) query.append("run", name);
  for (const name of chosenCharts()) query.append("metric", name);
  query.set("x", stateOf("x"));
  source = listen(`compare/events?${query}`, {
    curves(later) {
      const renumbered = (each) => ({ ...each, run: places.get(later.runs[each.run].execution) });
      const fresh = new Set(later.runs.map((run) => places.get(run.execution)));
      const kept = (each) => !fresh.has(each.run) || (each.metric && !chosenCharts().includes(baseName(each.metric)));
      for (const kind of KINDS) {
        data[kind] = [...(data[kind] ?? []).filter(kept), ...(later[kind] ?? []).map(renumbered)];
      }
      for (const run of later.runs) {
        const known = page.runs[places.get(run.execution)];
        known.status = run.status;
        showStatus(known);
      }
      for (const each of data.series) {
        const name = baseName(each.metric);
        if (!page.charts.includes(name)) { page.charts.push(name); if (page.first.length < 4) page.first.push(name); controls(); }
      }
      draw();
    },
  });
}

function showStatus(run) {
  const place = document.querySelector(`#runs li:nth-child(${places.get(run.execution) + 1}) .status`);
  if (!place) return;
  place.textContent = run.status;
  place.className = `status ${run.status.toLowerCase()}`;
}

// ---------------------------------------------------------------- controls

function controls() {
  const use = (changes) => { setState(changes); controlsFit(); draw(); };
  const log = element("input", { type: "checkbox", checked: stateOf("log") === "1", on: { change: () => use({ log: log.checked ? "1" : "" }) } });
  const smoothing = stateOf("smooth", "0");
  const said = element("output", {}, smoothing);
  const smooth = element("input", { type: "range", min: "0", max: "0.95", step: "0.05", value: smoothing,
    on: { input: () => { said.textContent = smooth.value; use({ smooth: smooth.value === "0" ? "" : smooth.value }); } } });
  const group = choice([["", "each execution"], ...Object.keys(page.groups).map((name) => [name, name])], stateOf("group"), (value) => use({ group: value }), "group");
  const interval = choice(Object.entries(INTERVALS), stateOf("interval", "mean"), (value) => use({ interval: value === "mean" ? "" : value }), "interval");
  const x = choice([["", "epoch"], ["time", "time"]], stateOf("x"), (value) => { setState({ x: value }); loaded = new Set(); load(); });
  const chosen = chosenCharts();
  const boxes = element("div", { class: "choices" }, ...page.charts.map((name) => element("label", { title: name },
    element("input", { type: "checkbox", value: name, checked: chosen.includes(name), on: { change: choose } }), ` ${name}`)));
  function choose() {
    setState({ metric: [...boxes.querySelectorAll("input:checked")].map((box) => box.value) });
    summary.textContent = counted();
    load();
  }
  const counted = () => `Metrics (${chosenCharts().length} of ${page.charts.length})`;
  const summary = element("summary", {}, counted());
  const labels = {
    smooth: element("label", { class: "inline" }, "smoothing ", smooth, " ", said),
    interval: element("label", { class: "inline" }, "with ", interval),
    x: element("label", { class: "inline" }, "over ", x),
  };
  function controlsFit() {
    labels.smooth.hidden = labels.x.hidden = Boolean(stateOf("group"));
    labels.interval.hidden = !stateOf("group");
  }
  const wasOpen = document.querySelector("#controls details")?.open ?? false;
  document.getElementById("controls").replaceChildren(
    element("label", { class: "inline" }, "a curve for ", group), labels.interval,
    element("label", {}, log, " log axis"), labels.smooth, labels.x,
    element("details", { class: "columns", open: wasOpen }, summary, boxes),
  );
  controlsFit();
}

function choice(pairs, chosen, changed, id) {
  return element("select", { id, on: { change: (event) => changed(event.target.value) } },
    ...pairs.map(([value, text]) => element("option", { value, selected: value === chosen }, text)));
}

// ---------------------------------------------------------------- the list of executions

function colourSwatches() {
  for (const swatch of document.querySelectorAll("#runs .swatch")) {
    if (Number(swatch.dataset.run) >= page.runs.length) continue;
    swatch.style.background = swatchOf(Number(swatch.dataset.run));
    swatch.classList.toggle("coloured", !stateOf("group"));
  }
}

for (const box of document.querySelectorAll("#runs [data-shown]")) {
  const run = page.runs[box.dataset.shown];
  box.checked = run ? !hidden().has(run.execution) : false;
  box.disabled = !run;
  box.addEventListener("change", () => {
    const off = hidden();
    if (box.checked) off.delete(run.execution); else off.add(run.execution);
    setState({ hide: [...off] });
    draw();
  });
}

onTheme(colourSwatches);
addEventListener("state", colourSwatches);
colourSwatches();
controls();
const first = page.charts.find((name) => chosenCharts().includes(name));
if (first) {
  take(page.drawn, first);
  if (page.drawn.stretch > 1) loaded.delete(first); // it is coarse: finer curves follow
}
load();
