// A dataflow's graph: choose the sets at the ends of a path query by clicking them.
import { drawGraph } from "./graph.js";
import { element, pageData } from "./viewer.js";

const form = document.getElementById("query");
const facts = document.getElementById("facts");
const data = document.getElementById("dataflow-data") && pageData("dataflow-data");

document.querySelector("[data-submits]")?.addEventListener("change", (event) => event.target.form.requestSubmit());

for (const button of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) { button.remove(); continue; }
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
    button.textContent = "Copied";
  });
}

if (data) {
  const { source, target } = form.elements;
  const graph = await drawGraph(document.getElementById("graph"), data, { onPick: choose, label: "Dataflow" });

  for (const field of [source, target]) field.addEventListener("change", changed);
  form.addEventListener("submit", () => { // what is empty need not be in the address
    for (const field of form.querySelectorAll("input:not([type=checkbox]), select")) if (!field.value) field.disabled = true;
    if (form.elements.mapping.value === "PHYSICAL") form.elements.mapping.disabled = true;
  });
  addEventListener("pageshow", () => { for (const field of form.elements) field.disabled = false; });
  mark();

  function choose(node) {
    describe(node);
    if (node.kind !== "set") return;
    if (source.value === node.tag) source.value = "";
    else if (target.value === node.tag) target.value = "";
    else if (!source.value) source.value = node.tag;
    else target.value = node.tag;
    changed();
  }

  function changed() {
    for (const box of form.querySelectorAll("[name=projection]")) box.checked = false; // of another path
    mark();
    if (source.value && target.value) form.requestSubmit();
  }

  function mark() {
    const classes = {};
    for (const node of data.nodes) if (data.path.includes(node.tag) && source.value && target.value) classes[node.id] = "on-path";
    for (const tag of [source.value, ...data.source.slice(1)]) if (tag) classes[`set:${tag}`] = "source";
    for (const tag of [target.value, ...data.target.slice(1)]) if (tag) classes[`set:${tag}`] = "target";
    graph.mark(classes);
    const hint = document.getElementById("hint");
    if (source.value && !target.value) hint.textContent = `The query begins at ${source.value}. Choose the set where it ends.`;
  }
}

function describe(node) {
  const rows = (node.attributes ?? []).flatMap(([name, type]) => [element("dt", { title: name }, name), element("dd", {}, type.toLowerCase())]);
  const joined = (names) => (names.length ? names.join(", ") : "none");
  facts.replaceChildren(
    element("h2", {}, node.title),
    element("p", { class: "facts" }, node.kind === "set" ? `Set${node.holds ? `: ${node.holds}` : ""}` : "Transformation"),
    node.kind === "set" ? element("p", { class: "muted" }, `Written by: ${joined(node.producers)}. Read by: ${joined(node.consumers)}.`) : "",
    element("dl", {}, ...rows));
}
