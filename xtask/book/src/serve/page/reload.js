// Reloads the page when the book was built anew, and shows why it could not be.

import { h } from "./dom.js";

const mine = document.querySelector("script[data-build]").dataset.build;
let overlay = null;

export function take(name, data) {
  if (name === "built") {
    overlay?.remove();
    overlay = null;
    if (data && data !== mine) location.reload();
  } else if (name === "broken") {
    // Without a build there is no book yet, only a page with the reason.
    if (mine) show(data);
    else document.querySelector("pre").textContent = data;
  }
}

function show(words) {
  if (!overlay) {
    overlay = h("div", { id: "book-error", class: "live-broken", role: "alert" },
      h("strong", {}, "The book could not be built. This page is from the last build that worked."), h("pre"));
    document.body.append(overlay);
  }
  overlay.lastChild.textContent = words;
}
