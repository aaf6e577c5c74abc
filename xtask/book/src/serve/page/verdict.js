// A verdict as a page can show it: tests, the failure of each, the compiler's words.

import { compare } from "./compare.js";
import { box, counted, h, milliseconds, sentence } from "./dom.js";

const SIGNS = { passed: "✓", failed: "✗", started: "…", waiting: "·", ignored: "–", unfinished: "?" };
const WORDS = { started: "running", waiting: "waiting", unfinished: "not finished" };

/**
 * The list of tests, the first failure unfolded. `open(file, line)` shows a place in the editor. While tests still run
 * another failure may become the first one, so a fold that somebody has touched says so: only that has to stay as it is.
 */
export function tests(list, open) {
  const first = list.find((test) => test.outcome === "failed");
  const touched = ({ currentTarget }) => { currentTarget.parentElement.dataset.touched = ""; };
  return h("ol", { class: "live-tests" }, list.map((test) => {
    const word = WORDS[test.outcome] ?? test.outcome;
    const name = [
      h("span", { class: "live-mark", "aria-hidden": "true" }, SIGNS[test.outcome] ?? "?"),
      h("span", { class: "live-name" }, sentence(test.name), h("span", { class: "visually-hidden" }, `: ${word}`)),
      test.sent > 0 ? h("span", { class: "live-count" }, counted(test.sent, "event")) : null,
    ];
    if (test.outcome !== "failed") return h("li", { "data-outcome": test.outcome }, h("span", { class: "live-test" }, name));
    return h("li", { "data-outcome": "failed" },
      h("details", { open: test === first, "data-test": test.name }, h("summary", { class: "live-test", on: { click: touched } }, name), failure(test, open)));
  }));
}

function failure(test, open) {
  const told = test.failure;
  const [file, line] = told?.file ? [told.file, told.line] : [test.file, test.line];
  return h("div", { class: "live-failure" },
    ...(told ? reported(told) : [box(test.output || "it failed without a word", "what the test said")]),
    place(file, line, open));
}

function reported(told) {
  const { story, event, expectation, got, path, difference, logs, report } = told;
  const expected = told.expected === expectation ? null : told.expected; // a rule in words says it already
  const both = typeof expected === "string" && typeof got === "string";
  return [
    story ? h("p", { class: "live-story" }, capital(story), /[.!?}\]]$/.test(story) ? "" : ".") : null,
    event?.text ? h("details", { class: "live-event" },
      h("summary", {}, event.name ? `Event sent: ${event.name}` : "Event sent", h("span", { class: "live-count" }, counted(event.bytes, "byte"))),
      box(pretty(event.text), "the event that was sent")) : null,
    expectation ? h("p", { class: "live-label" }, `Expectation: ${expectation}`) : null,
    both ? compare(expected, got) : one(expected, got),
    difference || path ? h("p", { class: "live-difference" }, "First difference",
      path ? [" at ", h("code", {}, path)] : null, difference ? `: ${difference}` : "") : null,
    logs?.length > 0 ? [h("p", { class: "live-label" }, "Your function logged"), box(clean(logs.join("\n")), "what your function logged", "live-log")] : null,
    report ? reportBar(report) : null,
  ].flat();
}

function one(expected, got) {
  const field = (label, text) => [h("p", { class: "live-label" }, label), box(text, label)];
  return [expected ? field("Expected", expected) : null, got ? field("Got", got) : null].flat();
}

/** The REPORT line: how long it initialized and ran, and for how long one pays. */
export function reportBar(report) {
  const init = report.init_ms ?? 0;
  const run = report.duration_ms ?? 0;
  const whole = Math.max(init + run, report.billed_ms ?? 0, 0.001);
  const part = (name, ms) => {
    const element = h("span", { class: `live-part live-${name}` });
    element.style.inlineSize = `${(100 * ms) / whole}%`;
    return element;
  };
  const key = (name, words) => h("span", { class: `live-key live-key-${name}` }, words);
  return h("figure", { class: "live-report" },
    h("div", { class: "live-bars", "aria-hidden": "true" },
      h("div", { class: "live-bar" }, init > 0 ? part("init", init) : null, part("run", run)),
      h("div", { class: "live-bar live-bar-thin" }, part("billed", report.billed_ms ?? 0))),
    h("figcaption", {},
      init > 0 ? key("init", `Init ${milliseconds(init)}`) : null,
      key("run", `Run ${milliseconds(run)}`),
      key("billed", `Billed ${report.billed_ms} ms`),
      report.max_memory_mb ? h("span", {}, `Memory ${report.max_memory_mb} of ${report.memory_size_mb} MB`) : null));
}

/** The compiler's messages: errors where there are any, or warnings. */
export function diagnostics(verdict, open) {
  const errors = verdict.diagnostics.filter((diagnostic) => diagnostic.level === "error");
  const shown = errors.length > 0 ? errors : verdict.diagnostics;
  return shown.map((diagnostic) => h("div", { class: "live-diagnostic" },
    h("pre", { class: "live-box live-compiler", tabindex: "0", role: "group", "aria-label": "what the compiler says" }, ...colours(diagnostic.rendered)),
    place(diagnostic.file, diagnostic.line, open)));
}

/** rustc's layout, seen again in plain text: the headline, places, the rail, what is underlined. */
function colours(text) {
  return text.split("\n").flatMap((line, index) => {
    const end = index === text.split("\n").length - 1 ? "" : "\n";
    const span = (kind, words) => h("span", { class: `live-rustc-${kind}` }, words);
    if (/^(error|warning)(\[|:)/.test(line)) return [span("head", line), end];
    const rail = /^(\s*\d*\s*(?:\||=|-->|:::))(.*)$/.exec(line);
    if (!rail) return [line, end];
    const [, edge, rest] = rail;
    return [span("rail", edge), /^\s*[|_ ]*[\^~]/.test(rest) ? span("carets", rest) : /^\s+-+( |$)/.test(rest) ? span("rail", rest) : rest, end];
  });
}

function place(file, line, open) {
  if (!file || !line) return null;
  const short = file.replace(/^.*\/(?=(src|tests)\/)/, "");
  return h("p", { class: "live-place" }, h("button", { type: "button", class: "live-link", on: { click: () => open(file, line) } },
    `${short}:${line}`, h("span", { class: "visually-hidden" }, ", open in my editor")));
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, "");

/** Colours of a log are a terminal's. */
// eslint-disable-next-line no-control-regex
const clean = (text) => text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "");
