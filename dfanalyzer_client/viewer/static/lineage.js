// Lineage: the graph, what there is to say of the chosen node, and the curves of its chain.
import { drawCurves } from "./curves.js";
import { drawGraph } from "./graph.js";
import { element, pageData, setState, showProblem, stateOf } from "./viewer.js";

const form = document.getElementById("lineage");
const facts = document.getElementById("facts");
const KINDS = { execution: "Execution", files: "Files", data: "Data", tests: "Tests", unknown: "Unknown execution" };

form.addEventListener("change", (event) => {
  if (event.target.matches("select, [type=checkbox], [type=number]")) form.requestSubmit();
});
form.addEventListener("input", (event) => { // the one that was typed last is meant
  if (event.target.name === "run") form.elements.file.value = "";
  if (event.target.name === "file") form.elements.run.value = "";
});
form.addEventListener("submit", () => { for (const field of form.querySelectorAll("input:not([type=checkbox])")) if (!field.value) field.disabled = true; });
addEventListener("pageshow", () => { for (const field of form.elements) field.disabled = false; });

// A file is only hashed here; browsers can do so over HTTPS and on this machine.
if (globalThis.crypto?.subtle) {
  const place = document.getElementById("choose");
  place.hidden = false;
  place.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    try {
      const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
      form.elements.file.value = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    } catch {
      showProblem(`${file.name} cannot be read here. In a terminal, \`keras-prov origin FILE\` says where it came from.`);
      return;
    }
    form.elements.run.value = "";
    event.target.value = "";
    form.requestSubmit();
  });
}

const data = document.getElementById("lineage-data") && pageData("lineage-data");
if (data) await show();

async function show() {
  const graph = await drawGraph(document.getElementById("graph"), data, { onPick: choose, label: "Lineage" });
  list();
  const first = data.nodes.find((node) => node.id === stateOf("node")) ?? data.nodes.find((node) => node.start) ?? data.nodes[0];
  let drawn = null;
  let shownChain = null;

  function choose(node, isNew = true) {
    graph.mark({ [node.id]: "chosen" });
    describe(node);
    if (isNew) setState({ node: node.id });
    if (node.execution) curvesOf(node.execution);
  }

  async function curvesOf(execution) {
    shownChain = execution;
    const answer = await fetch(`lineage/curves?${new URLSearchParams({ run: execution })}`).catch(() => null);
    if (shownChain !== execution) return; // another one was chosen since
    if (!answer?.ok) {
      showProblem("The curves cannot be read now. Choose the execution again.");
      return;
    }
    const found = await answer.json();
    const names = found.runs.map((run) => `${run.dataflow} #${run.id}`);
    chainOf(found, names);
    const options = { names, colours: found.runs.map((_, number) => number) };
    if (drawn) drawn.update(found, options);
    else drawn = drawCurves(document.getElementById("curves"), found, options);
  }

  choose(first, false);
  graph.show(first.id);
  const trained = first.execution ? null : data.nodes.find((node) => node.execution);
  if (trained) curvesOf(trained.execution);
}

function describe(node) {
  const named = node.facts.map(([name, value, whole]) => [element("dt", {}, name), element("dd", { title: whole || null }, value)]);
  facts.replaceChildren(
    element("h2", {}, node.title),
    element("p", { class: "facts" }, KINDS[node.kind], node.status ? element("span", { class: `status ${node.status.toLowerCase()}` }, node.status) : null),
    element("ul", { class: "links" }, ...node.links.map(([text, href]) => element("li", {}, element("a", { href }, text)))),
    element("dl", {}, ...named.flat()));
}

function list() {
  const titles = new Map(data.nodes.map((node) => [node.id, `${node.title}${node.detail ? ` (${node.detail})` : ""}`]));
  const lines = data.edges.map((edge) => `${titles.get(edge.source)} → ${titles.get(edge.target)}${edge.label ? `: ${edge.label}` : ""}`);
  const alone = data.nodes.filter((node) => !data.edges.some((edge) => edge.source === node.id || edge.target === node.id));
  document.getElementById("as-list").replaceChildren(...[...lines, ...alone.map((node) => titles.get(node.id))].map((line) => element("li", {}, line)));
}

// Who joins whom: each execution of the chain, with the epochs of the model that it trained.
function chainOf(found, names) {
  const lines = found.chain.map(({ run, from, to, file }) => element("li", {},
    element("a", { href: `execution?${new URLSearchParams({ run: found.runs[run].execution })}` }, names[run]),
    `: epochs ${from} to ${to}${file ? `; the next one went on from ${file}` : ""}`));
  document.getElementById("chain").replaceChildren(...lines);
  const none = document.getElementById("no-curves");
  const more = found.left_out ? ` ${found.left_out} more metrics are left out: the pages of the executions have them.` : "";
  none.hidden = found.chain.length > 1 && !more;
  const alone = found.chain.length
    ? "It went on from no other training, and no single training went on from it: these are its own curves."
    : "No training is in this chain, so there are no curves.";
  none.textContent = (found.chain.length > 1 ? "" : alone) + more;
}
