// What helps: hints one by one, the solution beside one's own file, the starter again.

import { box, button, coded, confirmed, h, sentence } from "./dom.js";
import { state } from "./state.js";

/** `more` are buttons of the first row, `body` stands below the verdict; `draw(run)` follows the state. */
export function help(target, { act, said, whisper }) {
  const hintButton = button("Show a hint", nextHint);
  const solutionButton = button("Compare with the solution", showSolution);
  const giveUp = button("Give up…", giveUpAndShow);
  const reset = button("Reset…", resetFile);
  const hints = h("div", { class: "live-hints" });
  const solution = h("div", { class: "live-solution" });
  const body = h("div", { class: "live-help" }, h("div", { class: "live-actions" }, hintButton, solutionButton, giveUp), hints, solution);
  let shownHints = "";
  let newest = null;
  let asking = false;
  let solutionOf = null;

  function draw(run) {
    const exercise = state.exercises.get(target);
    body.hidden = !exercise;
    if (!exercise) return;
    const isOpen = exercise.ever_passed || exercise.gave_up;
    const seen = exercise.hints_seen ?? [];
    const left = exercise.hints - seen.length;
    const tried = run || exercise.state !== "not-started" || seen.length > 0;
    hide(hintButton, left <= 0);
    hintButton.textContent = seen.length === 0 ? `Show a hint (1 of ${exercise.hints})` : `Show the next hint (${seen.length + 1} of ${exercise.hints})`;
    hide(solutionButton, !isOpen);
    solutionButton.textContent = solution.childElementCount > 0 ? "Hide the solution" : "Compare with the solution";
    hide(giveUp, isOpen || !tried);
    if (!isOpen) solution.replaceChildren();
    const mark = seen.join();
    if (mark !== shownHints && !asking) {
      shownHints = mark;
      hints.replaceChildren(...seen.map((number) => hint(number, exercise.hints)));
    }
    if (solutionOf && solutionOf !== exercise.state) {
      solutionOf = null;
      solution.replaceChildren();
    }
  }

  /** A hint as the page has it further down, with its code and links; the words as they are where it is not there. */
  function hint(number, of) {
    const own = document.querySelectorAll("main details.hint")[number - 1];
    const content = own ? [...own.cloneNode(true).childNodes].filter((node) => node.nodeName !== "SUMMARY") : [h("p", {}, "It stands on the exercise's page.")];
    const title = own?.querySelector("summary")?.textContent.trim().replace(/^Hint( \d+)?:?\s*/, "") ?? "";
    const fold = h("details", { class: "live-hint", open: number === newest, "data-number": number },
      h("summary", {}, `Hint ${number} of ${of}${title ? `: ${title}` : ""}`), ...content);
    for (const element of fold.querySelectorAll("[id]")) element.removeAttribute("id");
    return fold;
  }

  async function nextHint() {
    // The server may tell every tab of it before it answers this one.
    asking = true;
    const answer = await act(`hint/${target}`);
    asking = false;
    if (!answer) return draw(null);
    if (!answer.hint) return said("All hints were shown.");
    newest = answer.hint.number;
    const known = state.exercises.get(target);
    if (known) known.hints_seen = answer.seen;
    draw(null);
    if (hintButton.hidden) hints.querySelector(`[data-number="${newest}"] summary`)?.focus();
    if (answer.hint.for) said(`Hint ${newest} is for the test “${sentence(answer.hint.for)}”, which fails.`);
    else whisper(`Hint ${newest} of ${answer.of} is shown.`);
  }

  async function showSolution() {
    if (solution.childElementCount > 0) {
      solution.replaceChildren();
      solutionButton.textContent = "Compare with the solution";
      return;
    }
    tell(await act(`solution/${target}`));
  }

  async function giveUpAndShow() {
    const sure = await confirmed({
      title: "Show the solution before you passed?",
      words: "It is noted that you gave up, until you pass: passing takes it back. A hint may be enough.",
      yes: "Show the solution", no: "Keep trying",
    });
    if (!sure) return giveUp.focus();
    const answer = await act(`give-up/${target}`);
    if (answer) {
      const known = state.exercises.get(target);
      if (known) known.gave_up = true;
      draw(null);
      solutionButton.focus();
    }
    tell(answer);
  }

  function tell(answer) {
    if (!answer) return;
    if (!answer.open) return said("The solution is shown once you passed.");
    solutionOf = state.exercises.get(target)?.state ?? null;
    solution.replaceChildren(...answer.files.map(fileDiff), ...mistakes(answer.mistakes));
    solutionButton.textContent = "Hide the solution";
  }

  async function resetFile() {
    const sure = await confirmed({
      title: "The starter again?",
      words: "What you wrote is kept in a dated folder, and Undo brings it back.",
      yes: "Reset", no: "Keep my file",
    });
    reset.focus();
    if (!sure) return;
    const answer = await act(`reset/${target}`);
    if (answer) told(answer, true);
  }

  async function undo() {
    const answer = await act(`undo/${target}`);
    reset.focus();
    if (answer) told(answer, false);
  }

  function told(answer, undoable) {
    const { words, can_undo: canUndo } = answer.exercises[0];
    const first = words.split("\n")[0].replace(/^\S+ \S+: /, "");
    said(`${first.charAt(0).toUpperCase()}${first.slice(1)}. `, false, undoable && canUndo ? button("Undo", undo, { class: "live-link" }) : "");
  }

  return { more: reset, body, draw };
}

function hide(element, hidden) {
  element.hidden = hidden;
}

function fileDiff({ mine, theirs, lines, solution }) {
  if (lines.length === 0) return h("p", {}, h("code", {}, mine), " is the solution, to the letter.");
  const signs = { same: " ", mine: "−", theirs: "+", gap: "⋯" };
  const voices = { mine: "yours: ", theirs: "solution: " };
  const line = ({ kind, text, lines: left }) => h("span", { class: `live-line live-line-${kind}` },
    h("span", { class: "live-sign", "aria-hidden": "true" }, signs[kind]),
    voices[kind] ? h("span", { class: "visually-hidden" }, voices[kind]) : null,
    kind === "gap" ? `${left} lines that are the same` : text, "\n");
  return h("details", { class: "live-file", open: true },
    h("summary", {}, "Yours ", h("code", { class: "live-minus" }, `− ${mine}`), " and the solution ", h("code", { class: "live-plus" }, `+ ${theirs}`)),
    h("pre", { class: "live-box live-diff", tabindex: "0", role: "group", "aria-label": "your file against the solution" }, lines.map(line)),
    h("details", { class: "live-whole" }, h("summary", {}, "The whole solution"), box(solution, "the whole solution")));
}

function mistakes(list) {
  if (list.length === 0) return [];
  return [h("p", { class: "live-label" }, "What often goes wrong here"),
    h("dl", { class: "live-mistakes" }, list.flatMap(({ name, reason, caught_by: test }) => [
      h("dt", {}, name),
      h("dd", {}, ...coded(reason), test ? h("span", { class: "live-count" }, `caught by “${sentence(test)}”`) : null),
    ]))];
}
