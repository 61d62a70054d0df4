// Curves: a chart for each metric, with validation beside training, and a mark where the
// configuration was adapted. `data` is what curve_data.py describes.
import { dashOf, strokeOf } from "./curve_styles.js";
import { colour, element, onTheme, visible } from "./viewer.js";

const VALIDATION = "val_";
const MAX_LEGEND = 12;
export const MAX_MARKS = 100; // of a chart: of more, some are marked, and others where one zooms in
const MAX_LABELS = 12; // else they would cover each other
const HEIGHT = 260;
const EDGE = "band-edge"; // a side of an interval: series with `low` and `high` have two

// Draw charts into a container; returns an object with update(data, options) and destroy().
// Options: metrics (an array; null: all), log, smoothing (0 to 0.99), x ("epoch" or "time"), xLabel,
// colours (an array with a number for each run), names (an array with a text for each run).
export function drawCurves(container, data, options = {}) {
  const charts = new Map();
  let now = { data, options };

  const visible = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const chart = charts.get(entry.target.dataset.metric);
      if (chart && entry.isIntersecting) chart.show();
    }
  }, { rootMargin: "300px" });

  function update(newData = now.data, newOptions = now.options) {
    now = { data: newData, options: newOptions };
    const wanted = groups(newData, newOptions.metrics);
    for (const [name, chart] of charts) {
      if (!wanted.has(name)) { visible.unobserve(chart.figure); chart.remove(); charts.delete(name); }
    }
    for (const [name, series] of wanted) {
      let chart = charts.get(name);
      if (!chart) {
        chart = new Chart(name);
        charts.set(name, chart);
        container.append(chart.figure);
        visible.observe(chart.figure);
      }
      chart.set(series, newData, newOptions);
    }
    container.classList.toggle("none", !wanted.size);
  }

  container.classList.add("charts");
  onTheme(() => { for (const chart of charts.values()) chart.redraw(); });
  update();
  return {
    update,
    destroy() {
      for (const chart of charts.values()) chart.remove();
      visible.disconnect();
    },
  };
}

export function baseName(metric) {
  return metric.startsWith(VALIDATION) ? metric.slice(VALIDATION.length) : metric;
}

// Names of the charts, in the order of the data: a metric and its validation are one.
export function chartNames(data) {
  return [...new Set(data.series.map((each) => baseName(each.metric)))];
}

// Put later points of the same runs into the data; points that are there already are left out.
export function addPoints(data, later) {
  for (const each of later.series) {
    const known = data.series.find((old) => old.run === each.run && old.training === each.training && old.metric === each.metric);
    if (!known) { data.series.push(each); continue; }
    const last = known.epochs.at(-1) ?? -1;
    each.epochs.forEach((epoch, place) => {
      if (epoch > last) { known.epochs.push(epoch); known.values.push(each.values[place]); }
    });
  }
  for (const each of later.times ?? []) {
    const known = data.times.find((old) => old.run === each.run && old.training === each.training);
    if (known) Object.assign(known.seconds, each.seconds); else data.times.push(each);
  }
  data.adaptations = later.adaptations;
  data.changes = later.changes ?? later.adaptations.length;
  data.runs = later.runs;
}

function withSeconds(each, data) {
  const times = data.times?.find((known) => known.run === each.run && known.training === each.training);
  return times ? { ...each, seconds: each.epochs.map((epoch) => times.seconds[epoch] ?? null) } : each;
}

function groups(data, metrics) {
  const found = new Map();
  for (const each of data.series) {
    const name = baseName(each.metric);
    if (metrics && !metrics.includes(name)) continue;
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(each);
  }
  return found;
}

class Chart {
  constructor(name) {
    this.name = name;
    this.isShown = false;
    this.plot = null;
    this.place = element("div", { class: "plot" });
    this.summary = element("p", { class: "hidden" });
    this.pointed = element("p", { class: "pointed", "aria-hidden": "true" });
    this.figure = element("figure", { class: "chart" }, element("figcaption", { title: name }, name), this.place, this.pointed, this.summary);
    this.figure.dataset.metric = name;
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(this.place);
  }

  set(series, data, options) {
    Object.assign(this, { series: series.map((each) => withSeconds(each, data)), data, options });
    this.summary.textContent = series.map((each) => summary(each, this.label(each), data.stretch > 1)).join(" ");
    if (this.isShown) this.draw();
  }

  show() {
    if (this.isShown) return;
    this.isShown = true;
    this.draw();
  }

  remove() {
    this.resized.disconnect();
    this.plot?.destroy();
    this.figure.remove();
  }

  redraw() { if (this.isShown) { this.shape = null; this.draw(); } }

  resize() {
    const width = this.place.clientWidth;
    if (this.plot && width && width !== this.plot.width) {
      this.plot.setSize({ width, height: HEIGHT });
    }
  }

  label(each) {
    const { data, options } = this;
    const run = options.names?.[each.run] ?? data.runs[each.run].execution;
    const parts = data.runs.length > 1 ? [run] : [];
    if (data.series.some((other) => other.run === each.run && other.training > 1)) parts.push(`training ${each.training}`);
    parts.push(each.metric);
    return visible(parts.join(" · "));
  }

  // The shape of a plot: while it stays, new points are set, and a zoom stays too.
  shapeOf() {
    const { log, smoothing, x, colours } = this.options;
    return JSON.stringify([log, smoothing > 0, x, colours, this.series.map((each) => this.label(each))]);
  }

  draw() {
    const lines = this.series.map((each) => points(each, this.options));
    const columns = joined(lines);
    const shape = this.shapeOf();
    if (this.plot && shape === this.shape) {
      this.plot.setData(columns);
    } else {
      this.shape = shape;
      this.plot?.destroy();
      this.plot = new uPlot(this.plotOptions(), columns, this.place);
    }
    this.markSoon();
  }

  plotOptions() {
    const smooth = this.options.smoothing > 0;
    const several = this.data.runs.length > 1;
    const series = this.series.flatMap((each, number) => {
      const validation = each.metric.startsWith(VALIDATION);
      const place = several ? (this.options.colours?.[each.run] ?? each.run) : (validation ? 1 : 0) + 2 * (each.training - 1);
      const stroke = strokeOf(place);
      const line = { label: this.label(each), stroke, width: 1.5, dash: dashOf(place, validation), spanGaps: false, points: { show: each.epochs.length < 2 ? true : undefined } };
      if (each.low) return [edge(), edge(), line];
      return smooth ? [{ ...line, class: "measured", width: 1, alpha: 0.3 }, line] : [line];
    });
    const log = this.options.log;
    const powers = (_, ticks) => ticks.map((tick) => (Number.isInteger(Number(Math.log10(tick).toFixed(6))) ? tick : null));
    const axis = { stroke: colour("--text"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, font: "12px system-ui, sans-serif" };
    const label = this.options.xLabel ?? (this.options.x === "time" ? "seconds" : "epoch");
    const time = label !== "epoch";
    return {
      width: this.place.clientWidth || 480,
      height: HEIGHT,
      scales: { x: { time: false, range: (_, low, high) => (low === high ? [low - 0.5, high + 0.5] : [low, high]) }, y: log ? { distr: 3 } : {} },
      axes: [
        { ...axis, label, labelSize: 18, size: 34, incrs: time ? undefined : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000, 100000, 1000000] },
        { ...axis, size: 64, ...(log ? { grid: { ...axis.grid, filter: powers }, ticks: { ...axis.ticks, filter: powers } } : {}), values: (_, ticks) => ticks.map((tick) => (tick == null ? "" : short(tick))) },
      ],
      series: [{ label }, ...series.map((line) => ({ ...line, value: (_, value) => (value == null ? "–" : short(value)) }))],
      bands: series.flatMap((line, number) => (line.class === EDGE && series[number + 1].class === EDGE ? [{ series: [number + 2, number + 1], fill: faded(series[number + 2].stroke) }] : [])),
      legend: { show: series.filter((line) => line.class !== EDGE).length <= MAX_LEGEND },
      cursor: { drag: { x: true, y: false }, focus: { prox: 24 } },
      focus: { alpha: 0.35 },
      hooks: { ready: [(plot) => { reachable(plot); this.markSoon(); }], setScale: [() => this.markSoon()], setSize: [() => this.markSoon()], setSeries: [(plot, number) => this.point(plot, number)] },
    };
  }

  // Says which curve is under the pointer: of many, there is no legend.
  point(plot, number) {
    const line = number == null ? null : plot.series[number];
    const value = line && line.class !== EDGE ? plot.data[number][plot.cursor.idx] : null;
    this.pointed.textContent = value == null ? "" : `${line.label}: ${short(value)}`;
  }

  // Once the plot has its size and scales, which it computes later.
  markSoon() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => { this.isWaiting = false; this.mark(); });
  }

  // Marks where the configuration was adapted: a line, and on the curve what changed to what.
  mark() {
    const plot = this.plot;
    if (!plot || this.data.adaptations.length === 0) return;
    plot.over.querySelectorAll(".adaptation").forEach((old) => old.remove());
    const of = this.data.adaptations.filter((each) => this.series.some((line) => isOf(each, line)));
    const inView = of.map((change) => this.placed(change)).filter((each) => each && each.left >= 0 && each.left <= plot.over.clientWidth);
    const labels = inView.length <= MAX_LABELS && this.data.runs.length === 1 ? new Lanes() : null;
    for (const { change, left, top } of some(inView, MAX_MARKS)) plot.over.append(this.markOf(change, left, top, labels));
  }

  // An adaptation with its place on the curve; null: there is no curve to mark.
  placed(change) {
    const line = this.series.find((each) => isOf(change, each));
    const [x, y] = pointAt(line, change.epoch, this.options);
    if (x == null) return null;
    return { change, left: this.plot.valToPos(x, "x"), top: y == null ? 10 : this.plot.valToPos(y, "y") };
  }

  markOf(change, left, top, labels) {
    const text = adaptationText(change);
    const run = this.data.runs.length > 1 ? `${this.options.names?.[change.run] ?? this.data.runs[change.run].execution}: ` : "";
    const button = element("button", { type: "button", class: "mark", "aria-label": `${run}Epoch ${change.epoch}: ${text}` },
      element("span", { class: "what", "aria-hidden": "true" }, run + `epoch ${change.epoch}: ${text}`));
    const mark = element("div", { class: "adaptation" }, button);
    const isRight = left > this.plot.over.clientWidth / 2;
    const words = changeText(change);
    const lane = labels?.free(left, words.length, isRight) ?? -1;
    if (lane >= 0) {
      const label = element("span", { class: "label", "aria-hidden": "true" }, words);
      label.style.top = `${2 + lane * 16}px`;
      mark.append(label);
    }
    mark.style.left = `${left}px`;
    if (this.data.runs.length > 1) mark.style.setProperty("--mark", strokeOf(this.options.colours?.[change.run] ?? change.run));
    button.style.top = `${top}px`;
    if (isRight) mark.classList.add("to-the-left");
    return mark;
  }
}

// Whether a change was made in the training that a line is of.
function isOf(change, line) {
  return line.run === change.run && (change.training == null || line.training === change.training);
}

// Labels side by side in a few lines; one for which none is free is left out.
class Lanes {
  constructor() { this.taken = [[], [], [], [], []]; }

  free(left, characters, isLeft) {
    const width = 10 + characters * 6.5;
    const [from, to] = isLeft ? [left - width, left] : [left, left + width];
    const lane = this.taken.findIndex((spans) => spans.every(([start, end]) => to < start || from > end));
    if (lane >= 0) this.taken[lane].push([from, to]);
    return lane;
  }
}

// From what to what; of a change that was asked for and waits, what.
function changeText(change) {
  if (change.pending) return `waits: ${change.pending}`;
  if (change.attribute) return `${change.old_value} → ${change.new_value}`;
  return `${short(change.before)} → ${short(change.value)}`;
}

function asker(change) {
  return [change.person ?? "somebody", change.reason].filter(Boolean).join(": ");
}

// One change, in words: what, from what to what, and who.
export function adaptationText(change) {
  if (change.pending) return `waits: ${change.pending}, asked by ${asker(change)}`;
  if (change.cause === "steering") return `${change.attribute ?? change.name} ${changeText(change)}, by ${asker(change)}`;
  const values = `${change.name} ${change.before == null ? "" : `${short(change.before)} → `}${short(change.value)}`;
  const who = [change.cause, change.detail, change.optimizer && `optimizer ${change.optimizer}`].filter(Boolean);
  return who.length ? `${values}, by ${who.join(", ")}` : values;
}

export function short(value) {
  if (typeof value !== "number") return value == null ? "?" : String(value);
  if (value === 0 || Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  for (const [size, sign] of [[1e12, "T"], [1e9, "G"], [1e6, "M"]]) {
    if (Math.abs(value) >= size && Math.abs(value) < size * 1000) return `${Number((value / size).toPrecision(4))}${sign}`;
  }
  return String(Number(value.toPrecision(4))).replace("e+", "e");
}

// Of a curve that is thinned out, the points are not the epochs.
function summary(series, label, isThinned) {
  const numbers = series.values.filter((value) => typeof value === "number");
  if (!numbers.length) return `${label}: no numbers.`;
  const low = numbers.reduce((a, b) => Math.min(a, b));
  const high = numbers.reduce((a, b) => Math.max(a, b));
  const count = isThinned ? `epochs ${series.epochs[0]} to ${series.epochs.at(-1)}` : `${numbers.length} epochs`;
  return `${label}: ${count}, last ${short(numbers.at(-1))}, lowest ${short(low)}, highest ${short(high)}.`;
}

// So many of them, evenly chosen, the first and the last among them.
function some(all, most) {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, place) => all[Math.round(place * (all.length - 1) / (most - 1))]);
}

// Makes the entries of a legend, which show and hide curves, buttons for the keyboard too.
function reachable(plot) {
  plot.root.querySelectorAll(".u-legend .u-series").forEach((row, number) => {
    const entry = row.querySelector(".u-label");
    if (number === 0 || !entry) return; // the first one is the x axis
    entry.tabIndex = 0;
    entry.setAttribute("role", "button");
    const say = () => entry.setAttribute("aria-pressed", String(plot.series[number].show));
    say();
    entry.addEventListener("click", () => requestAnimationFrame(say));
    entry.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      entry.click();
    });
  });
}

function edge() {
  return { label: "", class: EDGE, stroke: "transparent", width: 0, points: { show: false } };
}

function faded(stroke) {
  return stroke.startsWith("#") && stroke.length === 7 ? `${stroke}2e` : stroke;
}

// Where a curve is at an epoch. Between two points, which the epochs of a long curve are, it is a
// straight line, over logarithms if they are drawn.
function pointAt(line, epoch, options) {
  const last = line.epochs.length - 1;
  if (last < 0) return [null, null];
  const next = line.epochs.findIndex((each) => each >= epoch);
  const place = next < 0 ? last : next;
  const xs = options.x === "time" && line.seconds ? line.seconds : line.epochs;
  const drawn = (value) => (typeof value === "number" && (!options.log || value > 0) ? value : null);
  const here = drawn(line.values[place]);
  if (next < 1 || line.epochs[next] === epoch) return [xs[place], here];
  const part = (epoch - line.epochs[next - 1]) / (line.epochs[next] - line.epochs[next - 1]);
  const between = (a, b) => (a == null || b == null ? b ?? a : a + part * (b - a));
  const before = drawn(line.values[next - 1]);
  const y = options.log && before && here ? Math.exp(between(Math.log(before), Math.log(here))) : between(before, here);
  return [between(xs[next - 1], xs[next]), y];
}

function points(each, options) {
  const x = options.x === "time" && each.seconds ? each.seconds : each.epochs;
  const drawn = (values) => values.map((value) => (typeof value === "number" && (!options.log || value > 0) ? value : null));
  const y = drawn(each.values);
  if (each.low) return [x, drawn(each.low), drawn(each.high), y];
  return options.smoothing > 0 ? [x, y, smoothed(y, each.epochs, options.smoothing)] : [x, y];
}

// The mean of what was before, weighted less with each epoch, as TensorBoard's; the points of a curve
// that is thinned out are several epochs apart.
function smoothed(values, epochs, weight) {
  let [last, sum, before] = [0, 0, null];
  return values.map((value, place) => {
    if (value == null) return null;
    const kept = weight ** (before == null ? 1 : Math.max(1, epochs[place] - before));
    before = epochs[place];
    last = last * kept + (1 - kept) * value;
    sum = sum * kept + (1 - kept);
    return last / sum;
  });
}

// Lines as the columns of one table over all their x.
function joined(lines) {
  if (!lines.length) return [[]];
  const [first] = lines[0];
  const same = lines.every(([x]) => x.length === first.length && x.every((value, place) => value === first[place]));
  if (same) return [first, ...lines.flatMap(([, ...values]) => values)];
  return uPlot.join(lines.map((line) => line));
}
