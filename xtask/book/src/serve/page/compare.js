// Expected beside got: both laid out as JSON where they are, lines aligned, differences marked by sign and colour.

import { h } from "./dom.js";

/** More lines than this are compared one to one, without looking for what moved. */
const MOST_LINES = 400;

export function compare(expected, got) {
  const rows = align(lay(expected), lay(got));
  const cell = (text, other, kind, sign) => {
    if (text === null) return h("td", { class: "live-none" });
    const differs = kind === "different";
    return h("td", { "data-kind": kind },
      differs ? h("span", { class: "live-sign" }, h("span", { "aria-hidden": "true" }, sign), h("span", { class: "visually-hidden" }, sign === "−" ? "wanted: " : "came: ")) : null,
      h("code", {}, ...(differs && other !== null ? marked(text, other) : [text || " "])));
  };
  return h("table", { class: "live-compare", role: "table" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      h("th", { scope: "col", role: "columnheader" }, "Expected"), h("th", { scope: "col", role: "columnheader" }, "Got"))),
    h("tbody", { role: "rowgroup" }, rows.map(([left, right]) => {
      const kind = left === right ? "same" : "different";
      const row = h("tr", { role: "row", "data-kind": kind }, cell(left, right, kind, "−"), cell(right, left, kind, "+"));
      for (const one of row.children) one.setAttribute("role", "cell");
      return row;
    })));
}

/** JSON on several lines, if it is JSON; keys in one order, so that only content differs. */
function lay(text) {
  try {
    return JSON.stringify(sorted(JSON.parse(text)), null, 2).split("\n");
  } catch {
    return text.replace(/\n$/, "").split("\n");
  }
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/** Pairs of lines; `null` where one side has none. Longest common subsequence. */
export function align(left, right) {
  if (left.length * right.length > MOST_LINES * MOST_LINES) {
    return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => [left[i] ?? null, right[i] ?? null]);
  }
  const common = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      common[i][j] = left[i] === right[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const rows = [];
  let [i, j] = [0, 0];
  let [gone, come] = [[], []];
  const flush = () => {
    for (let k = 0; k < Math.max(gone.length, come.length); k++) rows.push([gone[k] ?? null, come[k] ?? null]);
    [gone, come] = [[], []];
  };
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      flush();
      rows.push([left[i++], right[j++]]);
    } else if (j >= right.length || (i < left.length && common[i + 1][j] >= common[i][j + 1])) {
      gone.push(left[i++]);
    } else {
      come.push(right[j++]);
    }
  }
  flush();
  return rows;
}

/** The text with the part that the other one has not in a mark; no marks where they share nothing. */
function marked(text, other) {
  const [a, b] = [[...text], [...other]];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  if (start + end === 0) return [text];
  const part = (from, to) => a.slice(from, to).join("");
  const middle = part(start, a.length - end);
  return [part(0, start), middle ? h("mark", {}, middle) : null, part(a.length - end, a.length)];
}
