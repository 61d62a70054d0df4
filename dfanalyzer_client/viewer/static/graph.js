// Graphs: laid out by dagre, drawn as SVG. A node can be chosen with the mouse or the keyboard;
// the arrow keys go to the next node in their direction.
import { element, library } from "./viewer.js";

const SVG = "http://www.w3.org/2000/svg";
const TITLE_FONT = "600 13px system-ui, 'DejaVu Sans', sans-serif";
const DETAIL_FONT = "11px system-ui, 'DejaVu Sans', sans-serif";
const LONGEST = 30; // characters of a title that are drawn
const NARROW = 640;
const LEGIBLE = 0.85;
const SMALLEST_FIT = 0.7; // below, texts are too small to read: it scrolls
const ZOOMS = [0.25, 0.4, 0.55, 0.7, 0.85, 1, 1.25, 1.6, 2];

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) made.setAttribute(key, value);
  made.append(...children.filter((child) => child != null));
  return made;
}

const measure = document.createElement("canvas").getContext("2d");

function widthOf(text, font) {
  measure.font = font;
  return measure.measureText(text).width;
}

// Without its middle: ids and suffixes are at the end.
function cut(text, characters) {
  return text.length > characters ? `${text.slice(0, characters - 10)}…${text.slice(-9)}` : text;
}

// Draw `nodes` ({id, kind, title, detail, start}) and `edges` ({source, target, label}).
// `onPick(node)` is called when one is chosen. Returns {pick(id), mark({id: class})}.
export async function drawGraph(container, { nodes, edges }, { onPick, label = "Graph" }) {
  await library("dagre.min.js");
  const layout = bestLayout(nodes, edges, container.clientWidth);
  const { width, height } = layout.graph();
  const drawn = new Map();
  const picture = svg("svg", { role: "group", "aria-label": label, viewBox: `0 0 ${width} ${height}`, class: "graph-picture" }, arrow());
  for (const each of layout.edges()) {
    picture.append(...edgeOf(layout.edge(each), layout.node(each.v), layout.node(each.w), layout.graph().rankdir));
  }
  for (const node of nodes) {
    const made = nodeOf(node, layout.node(node.id));
    made.addEventListener("click", () => pick(node.id));
    made.addEventListener("keydown", (event) => pressed(event, node.id));
    drawn.set(node.id, made);
    picture.append(made);
  }
  const scroll = element("div", { class: "graph-scroll", tabindex: "0", role: "region", "aria-label": `${label}, to scroll` });
  scroll.append(picture);
  container.replaceChildren(zoomBar(picture, scroll, width, height), scroll);

  const byId = new Map(nodes.map((node) => [node.id, node]));

  function pick(id) {
    if (byId.has(id)) onPick(byId.get(id));
  }

  function pressed(event, id) {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(id); return; }
    const direction = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!direction) return;
    event.preventDefault();
    const next = nearest(nodes, layout, id, direction);
    if (next) drawn.get(next).focus();
  }

  return {
    pick,
    // Classes for some nodes; all others have none. "chosen" is told to screen readers, too.
    mark(classes) {
      for (const [id, made] of drawn) {
        made.setAttribute("class", `node ${byId.get(id).kind} ${byId.get(id).start ? "start" : ""} ${classes[id] ?? ""}`);
        made.setAttribute("aria-pressed", String(Boolean(classes[id]) && classes[id] !== "on-path"));
      }
    },
    show(id) { drawn.get(id)?.scrollIntoView({ block: "nearest", inline: "center" }); },
  };
}

// From left to right, as people read; from top to bottom where that leaves the texts larger.
function bestLayout(nodes, edges, room) {
  if (room < NARROW) return laidOut(nodes, edges, "TB");
  const across = laidOut(nodes, edges, "LR");
  if (across.graph().width * LEGIBLE <= room) return across;
  const down = laidOut(nodes, edges, "TB");
  return down.graph().width < across.graph().width ? down : across;
}

function laidOut(nodes, edges, direction) {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction, nodesep: 18, ranksep: direction === "LR" ? 40 : 34, marginx: 10, marginy: 10 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) {
    const text = Math.max(widthOf(cut(node.title, LONGEST), TITLE_FONT), widthOf(cut(node.detail ?? "", LONGEST), DETAIL_FONT));
    graph.setNode(node.id, { width: Math.ceil(text) + 28, height: node.detail ? 44 : 30 });
  }
  edges.forEach((edge, number) => {
    const size = edge.label ? { width: widthOf(edge.label, DETAIL_FONT) + 8, height: 14, labelpos: "c" } : {};
    if (graph.hasNode(edge.source) && graph.hasNode(edge.target)) graph.setEdge(edge.source, edge.target, { text: edge.label, ...size }, String(number));
  });
  dagre.layout(graph);
  return graph;
}

function arrow() {
  return svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 10 10", refX: "9", refY: "5", markerWidth: "7", markerHeight: "7", orient: "auto-start-reverse" },
    svg("path", { d: "M0 0L10 5L0 10z", class: "arrow" })));
}

function edgeOf({ points, text, x, y }, source, target, direction) {
  const line = svg("path", { d: curve(points, source, target, direction, Boolean(text)), class: "edge", "marker-end": "url(#arrow)" });
  return text ? [line, svg("text", { x, y: y + 4, class: "edge-label" }, text)] : [line];
}

// From side to side, through the points that dagre leaves free between the nodes. Its own ends may
// lie above or below a node, where the line would cross the neighbours.
function curve(points, source, target, direction, isLabelled) {
  const across = direction === "LR";
  const start = across ? [source.x + source.width / 2, source.y] : [source.x, source.y + source.height / 2];
  const end = across ? [target.x - target.width / 2, target.y] : [target.x, target.y - target.height / 2];
  const isForward = across ? start[0] < end[0] : start[1] < end[1];
  const all = points.map((each) => [each.x, each.y]);
  const between = all.length > 3 || isLabelled ? all.slice(1, -1) : [];
  const through = isForward ? [start, ...between, end] : all;
  return through.slice(1).reduce((d, [x, y], number) => {
    const [fromX, fromY] = through[number];
    const bends = across ? [(fromX + x) / 2, fromY, (fromX + x) / 2, y] : [fromX, (fromY + y) / 2, x, (fromY + y) / 2];
    return `${d}C${bends.join(" ")} ${x} ${y}`;
  }, `M${through[0].join(" ")}`);
}

function nodeOf(node, { x, y, width, height }) {
  const round = { execution: 8, tests: height / 2, transformation: height / 2, unknown: 8 }[node.kind] ?? 2;
  const left = x - width / 2;
  const top = y - height / 2;
  return svg("g", { class: `node ${node.kind} ${node.start ? "start" : ""}`, tabindex: "0", role: "button", "aria-pressed": "false", "data-id": node.id },
    svg("title", {}, `${node.kind}: ${node.title}${node.detail ? `\n${node.detail}` : ""}`),
    svg("rect", { x: left, y: top, width, height, rx: round }),
    node.kind === "data" ? svg("path", { class: "inner", d: `M${left} ${top + 5}h${width}` }) : null,
    node.kind === "files" ? svg("path", { class: "inner", d: `M${left + width - 10} ${top}v10h10` }) : null,
    svg("text", { x, y: node.detail ? y - 3 : y + 5, class: "node-title" }, cut(node.title, LONGEST)),
    node.detail ? svg("text", { x, y: y + 13, class: "node-detail" }, cut(node.detail, LONGEST)) : null);
}

function nearest(nodes, layout, id, [right, down]) {
  const here = layout.node(id);
  let best = null;
  for (const node of nodes) {
    const there = layout.node(node.id);
    const [x, y] = [there.x - here.x, there.y - here.y];
    const along = x * right + y * down;
    if (node.id === id || along <= 1) continue;
    const cost = along + 3 * Math.abs(x * down + y * right);
    if (!best || cost < best.cost) best = { id: node.id, cost };
  }
  return best?.id;
}

function zoomBar(picture, scroll, width, height) {
  let zoom = 1;
  const set = (value) => {
    zoom = value;
    picture.setAttribute("width", width * zoom);
    picture.setAttribute("height", height * zoom);
  };
  const fit = () => {
    const room = scroll.clientWidth || scroll.parentElement?.clientWidth || width;
    set(Math.max(SMALLEST_FIT, Math.min(1, (room - 4) / width)));
  };
  const step = (by) => {
    const near = ZOOMS.findIndex((each) => each >= zoom - 0.001);
    set(ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, near + by))]);
  };
  requestAnimationFrame(fit);
  set(1);
  return element("div", { class: "zoom" },
    element("button", { type: "button", class: "quiet", "aria-label": "Larger", on: { click: () => step(1) } }, "+"),
    element("button", { type: "button", class: "quiet", "aria-label": "Smaller", on: { click: () => step(-1) } }, "−"),
    element("button", { type: "button", class: "quiet", on: { click: fit } }, "Fit"));
}
