// Before the page is painted: dark or light, as was chosen here; else as the system is.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("keras-prov-theme"); } catch { /* no storage in this frame */ }
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
})();
