// Light or dark, before the first thing is drawn: the saved choice, else what the system asks for.
(function () {
  "use strict";
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch (error) { /* a browser that keeps nothing */ }
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = kept || (dark ? "dark" : "light");
})();
