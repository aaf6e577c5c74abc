// What the page knows: how the server stands, the exercises, and every check as far as it came. One way: events change
// it, views are told once a frame.

export const state = {
  /** connecting, ready, locked (no token), gone */
  connection: "connecting",
  /** By name, as `list --format json` has them. */
  exercises: new Map(),
  next: null,
  /** Why there is no list. */
  trouble: null,
  queue: { running: null, waiting: [] },
  /** The last check of each target. */
  runs: new Map(),
};

const views = new Set();
let drawn = true;

/** `view()` is called after every change, at most once a frame. */
export function onChange(view) {
  views.add(view);
  view();
}

export function changed() {
  if (!drawn) return;
  drawn = false;
  const draw = () => {
    drawn = true;
    for (const view of views) view();
  };
  // A page that nobody sees draws no frames, and is to be right all the same when it is seen.
  if (document.visibilityState === "hidden") queueMicrotask(draw);
  else requestAnimationFrame(draw);
}

export function connection(word) {
  state.connection = word;
  // What is true is told anew by the server that answers next, which may know of no check.
  if (word === "ready") state.runs.clear();
  changed();
}

/** One event of the server's stream. */
export function take(name, data) {
  const json = () => JSON.parse(data);
  if (name === "progress") {
    const list = json();
    state.exercises = new Map(list.exercises.map((exercise) => [exercise.exercise, exercise]));
    state.next = list.next;
    state.trouble = null;
  } else if (name === "trouble") {
    state.trouble = data;
  } else if (name === "queue") {
    state.queue = json();
  } else if (name === "run") {
    const { id, target } = json();
    state.runs.set(target, newRun(id, target));
  } else if (name === "line") {
    const { id, line } = json();
    const run = [...state.runs.values()].find((other) => other.id === id);
    if (run) step(run, line);
  } else if (name === "end") {
    const end = json();
    const run = state.runs.get(end.target);
    if (run?.id === end.id) Object.assign(run, { end, phase: "ended" });
  } else if (name === "forgotten") {
    state.runs.delete(json().target);
  }
  changed();
}

const newRun = (id, target) => ({
  id, target, phase: "starting", done: 0, of: null, crates: "", waiting: null, notices: [], exercises: new Map(),
  error: null, exit: null, end: null,
});

function step(run, line) {
  const of = (name) => {
    if (!run.exercises.has(name)) run.exercises.set(name, { name, tests: [], verdict: null });
    return run.exercises.get(name);
  };
  run.waiting = line.event === "waiting" ? line.words : null;
  switch (line.event) {
    case "started":
      for (const { exercise } of line.exercises) of(exercise);
      break;
    case "notice":
      run.notices.push(line.words);
      break;
    case "downloading":
    case "compiling":
      if (run.phase !== line.event) Object.assign(run, { done: 0, of: null });
      run.phase = line.event;
      if (line.of) Object.assign(run, { done: line.done, of: line.of });
      run.crates = line.crates;
      break;
    case "running":
      run.phase = "testing";
      of(line.exercise).tests = line.tests.map((name) => ({ name, outcome: "waiting", sent: 0 }));
      break;
    case "test": {
      const test = testOf(of(line.exercise), line.name);
      test.outcome = line.outcome;
      test.failure = line.failure ?? null;
      break;
    }
    case "sent": {
      const test = testOf(of(line.exercise), line.test);
      Object.assign(test, { sent: line.number, story: line.story });
      // A cold start says more than the events after it.
      if (!test.report?.init_ms) test.report = line.report;
      break;
    }
    case "verdict": {
      const exercise = of(line.exercise);
      exercise.verdict = line;
      const before = new Map(exercise.tests.map((test) => [test.name, test]));
      exercise.tests = line.tests.map((test) => ({ ...before.get(test.name), ...test }));
      break;
    }
    case "error":
      run.error = line.words;
      break;
    case "done":
      run.exit = line.exit;
      break;
  }
}

/** Tests in a module have it in their name; the check's list has not. */
function testOf(exercise, name) {
  const last = name.split("::").pop();
  let test = exercise.tests.find((other) => other.name === name || other.name === last);
  if (!test) exercise.tests.push(test = { name, outcome: "waiting", sent: 0 });
  return test;
}

export const isRunning = (target) => state.queue.running === target;
export const isWaiting = (target) => state.queue.waiting.includes(target);
