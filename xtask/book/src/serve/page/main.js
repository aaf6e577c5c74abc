// Begins on every served page. Which exercise or chapter the page is about, its own path says.

import { panel } from "./exercise.js";
import * as progress from "./progress.js";
import * as reload from "./reload.js";
import { listen } from "./server.js";
import { changed, connection, state, take } from "./state.js";
import { take as takeToken } from "./token.js";

/** `ch03-first-function/01-greeter`, or `ch03-first-function` on the page of a chapter. */
function subject() {
  const path = document.documentElement.dataset.path ?? location.pathname.replace(/\.html$/, ".md");
  const found = /(ch\d\d-[^/]+)\/(?:(\d\d-[^/]+)\.md|(?:README\.md|index\.md)?$)/.exec(path);
  return found ? { chapter: found[1], exercise: found[2] ? `${found[1]}/${found[2]}` : null } : null;
}

/** The place that the page has for it; else before the hints or the references, else at the end. */
function mount(element) {
  const place = document.querySelector(".check");
  if (place) return place.replaceChildren(element);
  const after = document.querySelector("main > :is(h2#hints, h2#references)");
  if (after) after.before(element);
  else document.querySelector("main")?.append(element);
}

const about = subject();
const isPrint = document.documentElement.dataset.print !== undefined;
if (about && !isPrint) mount(panel(about.exercise ?? about.chapter, Boolean(about.exercise)));
progress.start();

await takeToken();
listen((name, data) => {
  if (name === "built" || name === "broken") reload.take(name, data);
  else take(name, data);
}, connection);

/** For whoever looks into the page: what is known now. */
globalThis.courseLive = { state, changed };
