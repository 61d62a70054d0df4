// What all views of a comparison have: links that keep the state, choices that are in the address,
// and data that is asked for.
import { missed, setState } from "./viewer.js";

// The links to the other views name what scripts have put into the address since.
function keepLinks() {
  for (const link of document.querySelectorAll("a[data-view]")) {
    const query = new URLSearchParams(location.search);
    query.delete("view");
    if (link.dataset.view) query.set("view", link.dataset.view);
    link.setAttribute("href", `compare?${query}`);
  }
}
addEventListener("state", keepLinks);
keepLinks();

function reloadWith(changes) {
  setState(changes);
  location.reload();
}

document.getElementById("target")?.addEventListener("change", (event) => reloadWith({ target: event.target.value }));

const axes = document.querySelector("[data-axes]");
axes?.addEventListener("change", () => {
  const chosen = [...axes.querySelectorAll("input:checked")].map((box) => box.value);
  reloadWith({ axis: chosen, axes: "open" });
});
if (axes && new URLSearchParams(location.search).get("axes") === "open") {
  axes.parentElement.open = true;
  setState({ axes: "" });
}

// JSON from the viewer; where it says an error instead, that is the error's text.
export async function asked(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer) {
    missed();
    throw new Error("The viewer does not answer. Reload this page once it does.");
  }
  if (answer.ok) return answer.json();
  const said = new DOMParser().parseFromString(await answer.text(), "text/html");
  throw new Error(said.body.textContent.trim() || `The viewer answers with the status ${answer.status}.`);
}
