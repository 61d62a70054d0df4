// Links to views are shown whole, and can be copied.
import { element } from "./viewer.js";

for (const field of document.querySelectorAll(".link")) {
  field.value = new URL(field.value, location.href).href;
  field.addEventListener("focus", () => field.select());
  const said = element("span", { class: "muted", "aria-live": "polite" });
  const copy = element("button", { type: "button", class: "quiet" }, "Copy");
  copy.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "Copied.";
    } catch {
      said.textContent = "Press Ctrl + C."; // pages without HTTPS may not write the clipboard
    }
  });
  const row = element("span", { class: "copy" });
  field.replaceWith(row);
  row.append(field, copy);
  row.after(said);
}
