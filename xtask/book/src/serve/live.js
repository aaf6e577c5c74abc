// Reloads the page when the book was built anew, and shows why it could not be. Listens only while the page is
// visible: a browser grants six connections to one server, however many tabs are open.
(() => {
  "use strict";
  const mine = document.currentScript.dataset.build;
  let source = null;
  let overlay = null;

  const show = (words) => {
    if (!overlay) {
      overlay = document.createElement("div");
      overlay.id = "book-error";
      overlay.setAttribute("role", "alert");
      Object.assign(overlay.style, {
        position: "fixed", inset: "auto 0 0 0", zIndex: "1000", maxHeight: "60vh", overflow: "auto",
        boxSizing: "border-box", padding: "1rem 1.5rem", background: "#2b1215", color: "#ffe9e7",
        borderTop: "4px solid #ff6b5e", font: "15px/1.5 system-ui, sans-serif",
      });
      const title = document.createElement("strong");
      title.textContent = "The book could not be built. This page is from the last build that worked.";
      const text = document.createElement("pre");
      Object.assign(text.style, {
        margin: "0.75rem 0 0", whiteSpace: "pre-wrap", overflowWrap: "anywhere", background: "none", color: "inherit",
        font: "14px/1.5 ui-monospace, monospace",
      });
      overlay.append(title, text);
      document.body.append(overlay);
    }
    overlay.lastChild.textContent = words;
  };

  const listen = () => {
    if (document.visibilityState === "hidden") {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource("/-/events");
      source.addEventListener("built", (event) => {
        overlay?.remove();
        overlay = null;
        if (event.data !== mine) location.reload();
      });
      source.addEventListener("broken", (event) => {
        if (mine) show(event.data);
        else document.querySelector("pre").textContent = event.data; // there is no book yet, only this page
      });
    }
  };
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => { source?.close(); source = null; });
  addEventListener("pageshow", listen);
  listen();
})();
