// The table of executions: choose some to compare, and choose columns. Live rows come by htmx.
import { setState } from "./viewer.js";

const chosen = new Set();

function show() {
  const button = document.getElementById("compare");
  if (!button) return;
  button.disabled = chosen.size < 1;
  const text = chosen.size ? `${chosen.size} chosen` : "Choose executions to compare them.";
  const count = document.getElementById("count");
  if (count.textContent !== text) count.textContent = text; // the observer below sees changes
  for (const box of document.querySelectorAll("#chosen input[name=run]")) box.checked = chosen.has(box.value);
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("#chosen input[name=run]")) {
    if (box.checked) chosen.add(box.value); else chosen.delete(box.value);
    show();
  } else if (box.closest("[data-columns]")) {
    const boxes = [...box.closest("[data-columns]").querySelectorAll("input:checked")];
    setState({ columns: boxes.map((each) => each.value) });
    location.reload();
  }
});

// A row that has changed is another one: who was in it with the keyboard stays there.
let place = null; // of the focus: the id of its row, and which of what can have it

function focusable(row) {
  return [...row.querySelectorAll("a, button, input")];
}

function keepFocus() {
  if (!place || document.activeElement !== document.body) return;
  const row = document.getElementById(place.row);
  if (row) focusable(row)[place.number]?.focus({ preventScroll: true });
}

document.addEventListener("focusin", ({ target }) => {
  const row = target.closest("#executions tbody tr");
  place = row && { row: row.id, number: focusable(row).indexOf(target) };
});
document.addEventListener("pointerdown", () => { place = null; });

new MutationObserver(() => { show(); keepFocus(); }).observe(document.getElementById("executions"), { childList: true, subtree: true });
for (const box of document.querySelectorAll("#chosen input[name=run]:checked")) chosen.add(box.value);
show();
