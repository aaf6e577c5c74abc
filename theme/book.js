// What must be known before the first paint, or the page would flash: the reader's theme, and whether the contents are
// folded away. mdBook's own script of this name is not used.
(() => {
  "use strict";
  const html = document.documentElement;
  html.classList.add("js");
  let theme = null;
  let contents = null;
  try {
    theme = localStorage.getItem("course/theme");
    contents = localStorage.getItem("course/contents");
  } catch {
    // No storage: the system decides, and the contents are open.
  }
  if (theme === "light" || theme === "dark") html.dataset.theme = theme;
  if (contents === "closed") html.dataset.contents = "closed";
})();
