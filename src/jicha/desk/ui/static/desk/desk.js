// Keys, dark mode, and choosing many rows. Everything works without this file, only slower.
(function () {
  "use strict";
  const root = document.documentElement;
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-theme-toggle]");
    if (button) {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.bsTheme); } catch (error) { /* not kept, but changed */ }
    }
    const all = event.target.closest("[data-choose-all]");
    if (all) document.querySelectorAll("input[name=clue]").forEach((box) => { box.checked = all.checked; });
  });
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  // J and K walk the rows, Enter opens, N takes the next clue, / goes to the search, ? tells the keys.
  let place = -1;
  function rows() { return Array.from(document.querySelectorAll("tr[data-href]")); }
  function choose(step) {
    const all = rows();
    if (!all.length) return;
    all.forEach((row) => row.classList.remove("chosen"));
    place = Math.max(0, Math.min(all.length - 1, place + step));
    all[place].classList.add("chosen");
    all[place].scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", function (event) {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") choose(1);
    else if (event.key === "k") choose(-1);
    else if (event.key === "Enter" && place >= 0 && rows()[place]) location.href = rows()[place].dataset.href;
    else if (event.key === "n") { const next = document.querySelector("form[data-next]"); if (next) next.requestSubmit(); }
    else if (event.key === "/") { const box = document.querySelector("input[name=q]"); if (box) { event.preventDefault(); box.focus(); } }
    else if (event.key === "?") { const keys = document.getElementById("keys"); if (keys) keys.open = !keys.open; }
  });
})();
