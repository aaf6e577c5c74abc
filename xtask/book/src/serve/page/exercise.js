// The place of Check: what runs, what came of it, what helps. The same on the page of an exercise and of a chapter.

import { button, coded, counted, h, sentence } from "./dom.js";
import { help } from "./help.js";
import { call } from "./server.js";
import { isRunning, isWaiting, onChange, state } from "./state.js";
import { diagnostics, reportBar, tests } from "./verdict.js";

const WORDS = {
  passed: "passed", failed: "failed", "does-not-compile": "does not compile", "not-judged": "could not be judged",
  "not-started": "not started", stale: "edited since it passed",
};

export function panel(target, isExercise) {
  const what = isExercise ? "this exercise" : "all exercises of this chapter";
  const check = button("Check", () => check.getAttribute("aria-disabled") !== "true" && act(`check/${target}`), { class: "button live-check", title: `Build and judge ${what}` });
  const cancel = button("Cancel", () => act(`cancel/${target}`), { hidden: true });
  const open = isExercise ? button("Open in my editor", () => state.connection === "ready" && openFile(null, null)) : null;
  const own = isExercise ? help(target, { act, said, whisper }) : null;
  const status = h("p", { class: "live-status" });
  const bar = h("progress", { class: "live-progress", max: "1", "aria-label": "building", hidden: true });
  const trouble = h("div", { class: "live-trouble", hidden: true });
  const outcome = h("div", { class: "live-outcome" });
  const message = h("p", { class: "live-message", role: "status" });
  // Only what changes the situation is read aloud, not every crate and test.
  const aloud = h("p", { class: "visually-hidden", role: "status", "data-aloud": "" });
  const section = h("section", { class: "live", "aria-label": isExercise ? "Check" : "Check the chapter", "data-target": target },
    h("div", { class: "live-actions" }, check, cancel, open, own?.more),
    status, bar, message, trouble, outcome, own?.body, aloud);

  let drawn = "";
  onChange(draw);
  return section;

  async function act(path, options) {
    said("");
    try {
      return await call(path, options);
    } catch (error) {
      said(error.message, true);
      return null;
    }
  }

  function said(words, isError = false, ...more) {
    message.replaceChildren(words, ...more);
    message.toggleAttribute("data-error", isError);
  }

  /** For ears only. */
  function whisper(words) {
    aloud.textContent = words;
  }

  async function openFile(file, line) {
    const place = new URLSearchParams();
    if (file?.includes("tests/check.rs")) place.set("file", "check");
    if (line) place.set("line", line);
    const answer = await act(`open/${target}?${place}`);
    if (answer) said(`${capital(answer.words)}.`);
  }

  function draw() {
    const run = state.runs.get(target) ?? (isExercise ? fromChapter() : null);
    const running = isRunning(target);
    const waiting = isWaiting(target);
    const ready = state.connection === "ready" && !state.trouble;
    const idle = ready && !running && !waiting;
    // Never `disabled`: it would take the focus away from whoever pressed it.
    check.setAttribute("aria-disabled", String(!idle));
    check.textContent = running ? "Checking…" : waiting ? "Waiting…" : isExercise ? "Check" : "Check the chapter";
    if (cancel.hidden !== !(running || waiting)) {
      if (cancel === document.activeElement) check.focus();
      cancel.hidden = !(running || waiting);
    }
    open?.setAttribute("aria-disabled", String(state.connection !== "ready"));
    drawTrouble(run);
    const exercise = state.exercises.get(target);
    const now = running && run ? phase(run) : waiting ? waitsFor() : run?.end ? sum(run) : exercise ? idleWords(exercise) : "";
    status.dataset.state = running || waiting ? "running" : run?.end ? stateOf(run) : exercise?.state ?? "";
    if (status.textContent !== now) status.textContent = now;
    bar.hidden = !(running && run && (["starting", "downloading", "compiling"].includes(run.phase)));
    if (run?.of) bar.value = run.done / run.of;
    else bar.removeAttribute("value");
    const loud = running && run ? { starting: "checking", downloading: "downloading crates", compiling: "compiling", testing: "running the tests" }[run.phase] ?? "" : now;
    if (aloud.textContent !== loud && (running || run?.end || waiting)) aloud.textContent = loud;
    drawOutcome(run);
    own?.draw(run?.end && !running ? run : null);
  }

  /** The exercises of this chapter, before any of them was checked. */
  function ofChapter() {
    const names = [...state.exercises.keys()].filter((name) => name.startsWith(`${target}/`));
    return names.map((name) => ({ name, tests: [], verdict: null }));
  }

  /** The chapter was checked, and this exercise with it. */
  function fromChapter() {
    const run = state.runs.get(target.split("/")[0]);
    const own = run?.exercises.get(target);
    return own ? { ...run, exercises: new Map([[target, own]]) } : null;
  }

  function drawTrouble(run) {
    const words = troubleWords(run);
    trouble.hidden = !words;
    if (words && trouble.dataset.words !== words.join("\n")) {
      trouble.dataset.words = words.join("\n");
      trouble.replaceChildren(...words.map((paragraph) => h("p", {}, ...coded(paragraph))));
    }
  }

  /** Redrawn only when something in it changed, so that folds and the focus stay as they are. */
  function drawOutcome(run) {
    const shown = run ? [...run.exercises.values()] : isExercise ? [] : ofChapter();
    const states = isExercise ? null : ofChapter().map(({ name }) => state.exercises.get(name).state);
    const mark = JSON.stringify([run?.id, shown, states, Boolean(run?.end), state.next]);
    if (mark === drawn) return;
    drawn = mark;
    const touched = outcome.querySelectorAll("details[data-test][data-touched]");
    const folds = new Map([...touched].map((fold) => [fold.dataset.test, fold.open]));
    const events = [...outcome.querySelectorAll(".live-event")].map((fold) => fold.open);
    const focused = outcome.contains(document.activeElement) ? document.activeElement.closest("details")?.dataset.test : null;
    outcome.replaceChildren(...shown.flatMap((one) => (isExercise ? detailed(one) : brief(one))));
    for (const fold of outcome.querySelectorAll("details[data-test]")) {
      if (folds.has(fold.dataset.test)) {
        fold.open = folds.get(fold.dataset.test);
        fold.dataset.touched = "";
      }
      if (focused === fold.dataset.test) fold.querySelector("summary").focus();
    }
    outcome.querySelectorAll(".live-event").forEach((fold, index) => { fold.open = events[index] ?? false; });
  }

  function detailed({ tests: list, verdict }) {
    const parts = [];
    if (verdict?.check_changed) parts.push(h("p", { class: "live-note" }, "Its check is not the one of your last verdict: tests/check.rs changed since."));
    if (verdict?.note) parts.push(h("p", { class: "live-note" }, verdict.note));
    if (verdict && (verdict.state !== "failed" || list.length === 0)) parts.push(...diagnostics(verdict, openFile));
    if (list.length > 0 && verdict?.state !== "does-not-compile") parts.push(tests(list, openFile));
    const told = (list.find((test) => test.report?.init_ms) ?? list.find((test) => test.report))?.report;
    if (verdict?.state === "passed" && told) parts.push(h("p", { class: "live-label" }, told.init_ms ? "A cold start of it" : "An event that it answered"), reportBar(told));
    const next = state.exercises.get(state.next);
    if (verdict?.state === "passed" && next && next.exercise !== target) parts.push(h("p", { class: "live-next" }, "Next: ", h("a", { href: pageOf(next.exercise) }, `${next.id} ${next.title}`)));
    return parts;
  }

  function brief({ name, tests: list, verdict }) {
    const exercise = state.exercises.get(name);
    const inRun = state.runs.has(target) && !state.runs.get(target).end;
    const word = verdict?.state ?? (list.length > 0 ? "running" : exercise?.state ?? "not-started");
    const passed = list.filter((test) => test.outcome === "passed").length;
    const failed = list.find((test) => test.outcome === "failed");
    return [h("div", { class: "live-row", "data-state": word },
      h("span", { class: "state", "data-state": word }, h("span", {}, inRun && !verdict && list.length === 0 ? "waiting" : WORDS[word] ?? word)),
      h("a", { href: pageOf(name) }, exercise?.title ?? name),
      h("span", { class: "live-count" }, list.length > 0 ? `${passed} of ${list.length}` : ""),
      failed ? h("p", { class: "live-why" }, sentence(failed.name)) : null)];
  }

  function idleWords(exercise) {
    if (exercise.will_be_checked_again) return "Passed. Its check changed since: check again.";
    return { passed: "Passed.", failed: "It failed the last time.", "does-not-compile": "It did not compile the last time.",
      stale: "Edited since it passed.", "not-started": isExercise ? `Edit ${exercise.file}, then check it here.` : "" }[exercise.state] ?? "";
  }

  function waitsFor() {
    const other = state.exercises.get(state.queue.running)?.id ?? state.queue.running;
    return `Waiting: one check runs at a time, now ${other ?? "another"}.`;
  }
}

const pageOf = (name) => `${document.documentElement.dataset.root ?? ""}${name}.html`;

function phase(run) {
  if (run.waiting) return `${capital(run.waiting)}.`;
  if (run.phase === "starting") return "Starting…";
  if (run.phase === "downloading" || run.phase === "compiling") {
    const doing = capital(run.phase);
    const crates = run.crates ? `: ${run.crates}` : "";
    return run.of ? `${doing} ${run.done} of ${run.of}${crates}` : `${doing}${crates}`;
  }
  const all = [...run.exercises.values()].flatMap((exercise) => exercise.tests);
  const ended = all.filter((test) => ["passed", "failed", "ignored"].includes(test.outcome)).length;
  const at = all.find((test) => test.outcome === "started");
  return `${ended} of ${counted(all.length, "test")}${at ? `: ${sentence(at.name)}` : ""}`;
}

const stateOf = (run) => {
  if (run.end.how !== "done") return "not-judged";
  const states = [...run.exercises.values()].map((exercise) => exercise.verdict?.state ?? "not-judged");
  return ["not-judged", "does-not-compile", "failed"].find((word) => states.includes(word)) ?? (states.length > 0 ? "passed" : "not-judged");
};

/** What came of a check, in a line. */
function sum(run) {
  const cut = { cancelled: "Cancelled.", late: "It took too long and was stopped.", flood: "It said too much and was stopped.",
    died: "The check was killed before it could end.", "not-started": "The check could not be started.",
    closing: "The server ended in the middle of it." }[run.end.how];
  if (cut) return cut;
  const verdicts = [...run.exercises.values()].map((exercise) => exercise.verdict).filter(Boolean);
  if (verdicts.length === 0) return run.error ? "It could not be checked." : "Nothing was left to check.";
  if (verdicts.length > 1) {
    const passed = verdicts.filter((verdict) => verdict.state === "passed").length;
    return `${passed} of ${counted(verdicts.length, "exercise")} passed.`;
  }
  const [verdict] = verdicts;
  const all = verdict.tests.filter((test) => test.outcome !== "ignored");
  const passed = all.filter((test) => test.outcome === "passed").length;
  const errors = verdict.diagnostics.filter((diagnostic) => diagnostic.level === "error").length;
  const facts = verdict.state === "does-not-compile" ? counted(errors, "error")
    : verdict.state === "passed" ? counted(all.length, "test") : all.length > 0 ? `${all.length - passed} of ${counted(all.length, "test")}` : "";
  const time = verdict.remembered ? "nothing changed since" : verdict.seconds > 0 ? `${verdict.seconds.toFixed(1)} s` : "";
  const more = [facts, time].filter(Boolean).join(", ");
  return `${capital(WORDS[verdict.state])}${more ? `: ${more}` : ""}.`;
}

/** What is wrong with the tools, and the way out; nothing while all is well. */
function troubleWords(run) {
  if (state.connection === "locked") {
    return ["This tab does not have the key of the server.", "Open the address that `cargo xtask serve` printed; this tab comes alive with it."];
  }
  if (state.connection === "gone") {
    return ["The server does not answer.", "Start it again in the course's folder with `cargo xtask serve`. Your files and your progress are on the disk; this page goes on by itself."];
  }
  if (state.trouble) return ["The command line does not answer:", state.trouble, "`cargo xtask doctor` in a terminal says what is missing."];
  if (!run?.end) return null;
  const words = run.error ?? (run.end.how === "done" ? "" : run.end.words);
  const note = [...run.exercises.values()].map((one) => one.verdict).find((verdict) => verdict?.state === "not-judged")?.note ?? "";
  if (/no space left|disk (is )?full|os error 28/i.test(words + note)) {
    return ["The disk is full.", "Free some space, then check again. `cargo clean` removes everything that was built here; your work and your progress are not touched.", ...(words ? [words] : [])];
  }
  if (/cannot run cargo|cargo.*(not found|no such file)/i.test(words)) {
    return ["Cargo cannot be run.", "Install Rust from rustup.rs, or open a terminal where `cargo --version` works, and start `cargo xtask serve` there.", words];
  }
  if (/linker .*not found|failed to find tool|error: no such command/i.test(words + note)) {
    return ["The compiler lacks a tool.", "`cargo xtask doctor` says which, and how to install it.", ...(words ? [words] : [])];
  }
  switch (run.end.how) {
    case "died": return ["The check ended in the middle: something killed it, perhaps for want of memory.", "Check again; what was built so far is kept.", ...(words ? [words] : [])];
    case "late": return ["Building and checking took longer than a check may.", "Check again; what was built so far is kept. A first build can also be done with `cargo xtask prefetch`."];
    case "flood": return ["The check said more than a page can show.", "Look for a loop that prints. In a terminal, `cargo xtask check` shows the start and the end of it."];
    case "not-started": return ["The command line cannot be run.", words, "Start `cargo xtask serve` again: it builds what is missing."];
    default: return words && run.exit !== 0 && run.exit !== 1 && run.exit !== 3 ? ["It could not be checked:", words, "`cargo xtask doctor` in a terminal says what is missing."] : null;
  }
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
