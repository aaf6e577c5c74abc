// Progress on every page: the states that the page's own marks show, where the learner left off, and its way out and in.

import { button, h } from "./dom.js";
import { call } from "./server.js";
import { onChange, state } from "./state.js";

const root = document.documentElement.dataset.root ?? "";

export function start() {
  onChange(marks);
  if (document.querySelector("main.front, main .chapters, main .front-hero") || document.documentElement.dataset.path === "README.md") front();
}

/** `theme/page.js` shows states wherever the page has them, here and in other tabs. */
function marks() {
  if (state.exercises.size === 0) return;
  const states = Object.fromEntries([...state.exercises.values()].map((exercise) => [exercise.exercise, exercise.state]));
  const { running } = state.queue;
  for (const name of Object.keys(states)) {
    if (running === name) states[name] = "running";
  }
  const known = globalThis.course?.states ?? {};
  const news = Object.entries(states).filter(([name, word]) => known[name] !== word);
  if (news.length > 0) globalThis.course?.setStates(Object.fromEntries(news));
}

/** The front page: go on, take along, bring back. */
function front() {
  const resume = h("p", { class: "live-resume" });
  const message = h("p", { class: "live-message", role: "status" });
  const picker = h("input", { type: "file", accept: ".json,.txt,application/json,text/plain", hidden: true, "aria-label": "a file with progress", on: { change: bring } });
  const bringIn = button("Import progress", () => picker.click());
  const carry = h("div", { class: "live-actions" }, button("Export progress", takeAlong), bringIn, picker);
  const section = h("section", { class: "live live-front", "aria-label": "Your progress" }, resume, carry, message);
  const hero = document.querySelector("main .front-hero, main .front-actions, main h1");
  if (hero) hero.after(section);
  else document.querySelector("main")?.prepend(section);
  onChange(() => {
    section.hidden = state.connection !== "ready";
    const next = state.exercises.get(state.next);
    const all = [...state.exercises.values()];
    const passed = all.filter((exercise) => exercise.state === "passed").length;
    const words = next ? [passed > 0 || all.some((one) => one.state !== "not-started") ? "Go on where you left off: " : "Begin with: ",
      h("a", { href: `${root}${next.exercise}.html` }, `${next.id} ${next.title}`)] : ["Every exercise has passed. "];
    const mark = `${next?.exercise} ${passed} ${all.length}`;
    if (resume.dataset.mark === mark) return;
    resume.dataset.mark = mark;
    resume.replaceChildren(...words, h("span", { class: "live-count" }, `${passed} of ${all.length} passed`));
  });

  async function takeAlong() {
    try {
      const document_ = { kind: "course-progress", version: 1, progress: await call("export", { method: "GET" }), browser: kept() };
      const url = URL.createObjectURL(new Blob([`${JSON.stringify(document_, null, 2)}\n`], { type: "application/json" }));
      h("a", { href: url, download: `course-progress-${new Date().toISOString().slice(0, 10)}.json` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
      message.textContent = "Saved: states, hints, and the answers to quizzes. Your files are not in it.";
    } catch (error) {
      message.textContent = error.message;
    }
  }

  async function bring() {
    const [file] = picker.files;
    picker.value = "";
    bringIn.focus();
    if (!file) return;
    try {
      const text = await file.text();
      const whole = text.trimStart().startsWith("{") ? JSON.parse(text) : { progress: text };
      const { words } = await call("import", { body: String(whole.progress ?? "") });
      keep(whole.browser);
      message.textContent = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
    } catch (error) {
      message.textContent = error instanceof SyntaxError ? "The file is not progress: it is no JSON." : error.message;
    }
  }
}

/** What this browser keeps of quizzes. */
function kept() {
  try {
    return Object.fromEntries(Object.entries(localStorage).filter(([key]) => key.startsWith("course/quiz/")));
  } catch {
    return {};
  }
}

function keep(browser) {
  try {
    for (const [key, value] of Object.entries(browser ?? {})) {
      if (key.startsWith("course/quiz/") && typeof value === "string" && localStorage.getItem(key) === null) localStorage.setItem(key, value);
    }
  } catch {
    // A private window forgets; the states came along all the same.
  }
}
