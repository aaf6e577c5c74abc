// Making elements. Whatever comes from the compiler or from a function becomes text, never markup.

/** `h("p", { class: "note" }, "words", child)`; `null` children are left out, `on` has listeners. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const button = (words, listener, attributes = {}) =>
  h("button", { type: "button", class: "button button-quiet", ...attributes, on: { click: listener } }, words);

/** A long text in a box of its own; one that scrolls sideways can be reached by keyboard. */
export function box(text, label, className = "") {
  return h("pre", { class: `live-box ${className}`, tabindex: "0", role: "group", "aria-label": label }, text);
}

/** Words with `code` between backticks. */
export const coded = (text) => text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));

export const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** `greets_by_name` as the sentence that it is. */
export const sentence = (name) => name.split("::").pop().replaceAll("_", " ");

export function milliseconds(ms) {
  if (ms === null || ms === undefined) return "";
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms >= 100 ? Math.round(ms) : ms.toFixed(1)} ms`;
}

/** Asks before something that is not meant lightly; resolves to whether it is. */
export function confirmed({ title, words, yes, no }) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "live-dialog", "aria-labelledby": "live-dialog-title" },
      h("p", { id: "live-dialog-title", class: "live-dialog-title" }, title),
      h("p", {}, words),
      h("p", { class: "live-actions" },
        button(no, () => dialog.close("no"), { autofocus: true }),
        button(yes, () => dialog.close("yes"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
