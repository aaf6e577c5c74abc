// The colours of theme/variables.css against WCAG 2.2 AA, in both themes: 4.5:1 for text, 3:1 for edges of controls.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { root } from "./harness.js";

const css = fs.readFileSync(path.join(root, "theme/variables.css"), "utf8");
const colours = new Map(
  [...css.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [
    name,
    { light, dark },
  ]),
);

function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const papers = ["bg", "surface", "sunken"];
const states = ["passed", "failed", "broken", "stale", "fresh", "running"];
const text = ["ink", "ink-soft", "ink-faint", "accent", ...states];
const series = [1, 2, 3, 4, 5, 6].map((n) => `series-${n}`);
const code = ["keyword", "string", "number", "type", "title", "comment"].map((n) => `code-${n}`);

const pairs = [
  ...text.flatMap((ink) => papers.map((paper) => [ink, paper, 4.5])),
  ...states.flatMap((state) => [[state, `${state}-soft`, 4.5], ["ink", `${state}-soft`, 4.5]]),
  ...series.flatMap((ink) => papers.map((paper) => [ink, paper, 4.5])),
  ...code.flatMap((ink) => papers.map((paper) => [ink, paper, 4.5])),
  ...["ink", "ink-soft", "accent"].map((ink) => [ink, "accent-soft", 4.5]),
  ["on-accent", "accent", 4.5],
  ...["ink", ...code].map((ink) => [ink, "mark", 4.5]),
  ...["line-strong", "focus"].flatMap((edge) => papers.map((paper) => [edge, paper, 3])),
];

for (const theme of ["light", "dark"]) {
  test(`every pair of colours has its contrast in the ${theme} theme`, () => {
    const short = pairs
      .map(([ink, paper, least]) => ({ ink, paper, least, ratio: contrast(colours.get(ink)[theme], colours.get(paper)[theme]) }))
      .filter(({ ratio, least }) => ratio < least)
      .map(({ ink, paper, least, ratio }) => `--${ink} on --${paper}: ${ratio.toFixed(2)} of ${least}`);
    assert.deepEqual(short, []);
  });
}
