// J, K and U on the page of one record: to the next, to the one before, to the list. Everything works without this file: they are links.
(function () {
  "use strict";
  document.addEventListener("keydown", function (event) {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const link = document.querySelector('a[data-walk="' + CSS.escape(event.key.toLowerCase()) + '"]');
    if (!link) return;
    event.stopImmediatePropagation();
    location.href = link.href;
  }, true);
})();
