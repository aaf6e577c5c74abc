// Reading: every kind of page, as a file on a disk, in both themes, on a phone and a desktop, with and without scripts,
// by keyboard, on paper.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { DESKTOP, PAGE_KINDS, PHONE, TABLET, THEMES, assertAccessible, assertFits, bookBin, bookDir, inBrowser, root } from "./harness.js";

const { missing, ...onDisk } = PAGE_KINDS;

/** Whether all pages are looked at (`ci --full`), or one of each kind. */
const WHOLE_BOOK = process.env.BOOK_PAGES === "all";

for (const [kind, path] of Object.entries(onDisk)) {
  for (const theme of THEMES) {
    for (const width of [PHONE, DESKTOP]) {
      // The whole book on one page takes as long as all its pages do: twice is enough where they are not all looked at.
      if (kind === "print" && !WHOLE_BOOK && (theme === "dark") === (width === PHONE)) continue;
      test(`the ${kind} page is accessible and fits, ${theme}, ${width} px`, inBrowser({ path, theme, width }, async ({ page }) => {
        assert.equal(await page.locator("h1").count() >= 1, true);
        if (kind !== "print") assert.equal(await page.locator("h1").count(), 1);
        await assertFits(page);
        await assertAccessible(page);
      }));
    }
  }
}

test("every page fits a tablet", inBrowser({ width: TABLET }, async ({ page, url }) => {
  for (const path of Object.values(onDisk)) {
    await page.goto(url(path));
    await assertFits(page, path);
  }
}));

for (const theme of THEMES) {
  test(`an open drawer, an open search and answered quizzes are accessible, ${theme}`, inBrowser({ path: PAGE_KINDS.chapter, theme, width: PHONE }, async ({ page }) => {
    await page.locator("#contents-toggle").click();
    await assertAccessible(page, "the drawer");
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => document.activeElement.id), "contents-toggle");
    for (const [quiz, value] of [["ch03-q1", "a"], ["ch03-q2", "b"]]) {
      const form = page.locator(`[data-quiz=${quiz}]`);
      await form.locator(`input[value=${value}]`).check();
      await form.getByRole("button", { name: "Check" }).click();
    }
    await assertAccessible(page, "answered quizzes");
    await page.locator("#search-open").click();
    await page.locator("dialog input").fill("handler");
    await page.locator(".search-results a").first().waitFor();
    await assertAccessible(page, "search");
  }));

  test(`every state of an exercise is accessible, ${theme}`, inBrowser({ path: PAGE_KINDS.exercise, theme }, async ({ page }) => {
    for (const state of ["passed", "failed", "does-not-compile", "stale", "running", "not-started"]) {
      await page.evaluate((state) => globalThis.course.setState("ch03-first-function/01-greeter", state), state);
      assert.equal(await page.locator(".ticket .state").textContent(), state.replaceAll("-", " "));
      await assertAccessible(page, state);
    }
  }));
}

test("a page that is not there says so over HTTP, in the book's own frame", inBrowser({ at: "http", forgives: /404/ }, async ({ page, url }) => {
  const response = await page.goto(url("nowhere.html"));
  assert.equal(response.status(), 404);
  assert.ok(await page.locator(".bar .brand").isVisible());
  await assertAccessible(page);
}));

/** What a page has that the book's look or its scripts know: its kind, and every kind of part. */
function partsOf(html) {
  const main = html.slice(html.indexOf("<main"), html.indexOf("</main>"));
  const found = [...main.matchAll(/\b(?:class|data-widget|data-kind|type)="([^"]*)"|<(table|figure|blockquote|dl|img|svg|ol|details|form|aside|kbd|sup)\b/g)];
  return new Set(found.flatMap(([, words, tag]) => (words ? words.split(" ") : [tag])));
}

/** The fewest pages that have every part that any page has, found one after the other. */
function oneOfEachKind(pages) {
  const parts = new Map(pages.map((file) => [file, partsOf(fs.readFileSync(path.join(bookDir, file), "utf8"))]));
  const missing = new Set([...parts.values()].flatMap((of) => [...of]));
  const chosen = [];
  while (missing.size > 0) {
    const gain = (file) => [...parts.get(file)].filter((part) => missing.has(part)).length;
    const best = pages.reduce((best, file) => (gain(file) > gain(best) ? file : best));
    parts.get(best).forEach((part) => missing.delete(part));
    chosen.push(best);
  }
  return chosen;
}

test(`${WHOLE_BOOK ? "every page of the book" : "one page of every kind"} is accessible and fits`, inBrowser({}, async ({ context, url, t }) => {
  // A host serves one of them from its root; the other is all pages once more, and has its tests above.
  const others = [PAGE_KINDS.missing, PAGE_KINDS.print];
  const all = fs.readdirSync(bookDir, { recursive: true }).filter((file) => file.endsWith(".html") && !others.includes(file));
  const whole = all.filter((file) => fs.readFileSync(path.join(bookDir, file), "utf8").includes("neighbours")).sort();
  assert.ok(whole.length > 8);
  const pages = WHOLE_BOOK ? whole : oneOfEachKind(whole);
  t.diagnostic(`${pages.length} of ${whole.length} pages: ${pages.join(", ")}`);
  // Each page once, the phone in one theme and the desktop in the other by turns: the kinds of pages have all four above.
  const page = await context.newPage();
  for (const [index, file] of pages.entries()) {
    await page.setViewportSize({ width: index % 2 ? PHONE : DESKTOP, height: 900 });
    await page.emulateMedia({ colorScheme: index % 4 < 2 ? "light" : "dark" });
    await page.goto(url(file));
    await assertFits(page, file);
    await assertAccessible(page, file);
  }
}));

test("each page has a title, a description and a language of its own", inBrowser({}, async ({ page, url }) => {
  const seen = new Set();
  for (const path of [PAGE_KINDS.front, PAGE_KINDS.chapter, PAGE_KINDS.exercise, PAGE_KINDS.plain]) {
    await page.goto(url(path));
    const [title, description, language] = await page.evaluate(() => [
      document.title, document.querySelector("meta[name=description]").content, document.documentElement.lang,
    ]);
    assert.equal(language, "en");
    assert.ok(description.length > 40 && !description.includes("<"), description);
    seen.add(title).add(description);
  }
  assert.equal(seen.size, 8);
}));

/** Beside a page of a chapter stands what is read before all chapters, and what is looked up after them. */
async function assertListsTheWholeBook(page) {
  for (const other of ["front/how-to-use.html", "front/tour.html", "back/map.html", "back/glossary.html", "back/further-reading.html"]) {
    assert.equal(await page.locator(`.contents a[href="../${other}"]`).count(), 1, other);
  }
  assert.equal(await page.locator(".contents .apart").count(), 2, "before the chapters, and after them");
}

test("without scripts everything can be read and reached", inBrowser({ path: PAGE_KINDS.exercise, javaScript: false }, async ({ page, url }) => {
  assert.ok(await page.locator(".contents a[aria-current]").isVisible());
  await assertListsTheWholeBook(page);
  assert.ok(await page.locator(".ticket").isVisible());
  assert.ok(await page.getByText("cargo xtask check ch03/01").first().isVisible());
  assert.equal(await page.locator("#search-open").isVisible(), false, "no button that does nothing");
  await page.locator(".neighbour[rel=next]").click();
  assert.ok(page.url().endsWith("02-errors.html"));
  await page.goto(url(PAGE_KINDS.chapter));
  const quiz = page.locator("[data-quiz=ch03-q1]");
  await quiz.locator("summary").click();
  assert.ok(await quiz.getByText("a second process with a counter of its own").isVisible());
  assert.equal(await quiz.getByRole("button").count(), 0);
  await page.locator("header").getByRole("link", { name: "Contents" }).click();
  assert.ok(await page.getByRole("link", { name: "Stop in time" }).isVisible());
}));

test("the front page has ten chapters, and facts for those that are written", inBrowser({ path: PAGE_KINDS.front }, async ({ page }) => {
  assert.equal(await page.locator(".chapter-card").count(), 10);
  const third = page.locator("[data-chapter=ch03-first-function].chapter-card");
  assert.equal(await third.locator(".state").count(), 6);
  assert.match(await third.textContent(), /6 exercises.*2 h/s);
  await page.evaluate(() => globalThis.course.setStates({ "ch03-first-function/01-greeter": "passed" }));
  assert.match(await third.locator(".chapter-count").textContent(), /^1 of 6 passed$/);
  await third.getByRole("link").click();
  assert.match(page.url(), /ch03-first-function\/index\.html$/);
}));

test("what is known of an exercise is shown again on the next visit and in other tabs", inBrowser({ at: "http", path: PAGE_KINDS.exercise }, async ({ page, context, url }) => {
  const other = await context.newPage();
  await other.goto(url(PAGE_KINDS.exercise));
  await page.evaluate(() => globalThis.course.setState("ch03-first-function/01-greeter", "failed"));
  await other.locator('.ticket .state[data-state="failed"]').waitFor();
  await page.reload();
  assert.equal(await page.locator(".ticket .state").getAttribute("data-state"), "failed");
}));

test("the theme follows the system until the reader chooses, and is there before the first paint", inBrowser({ path: PAGE_KINDS.front, theme: "dark" }, async ({ page, context, url }) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  assert.equal(await paper(), "rgb(19, 20, 22)");
  assert.deepEqual(await page.locator("#theme option").allTextContents(), ["System", "Light", "Dark"]);
  await page.locator("#theme").selectOption("light");
  assert.equal(await paper(), "rgb(255, 255, 255)");
  const next = await context.newPage();
  await next.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.body) return;
      globalThis.atFirst = document.documentElement.dataset.theme;
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  await next.goto(url(PAGE_KINDS.chapter));
  assert.equal(await next.evaluate(() => globalThis.atFirst), "light");
}));

test("a page can be walked by keyboard alone", inBrowser({ path: PAGE_KINDS.exercise }, async ({ page }) => {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip-link");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  const reached = new Set();
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.closest(".ticket, .hint, .neighbour, .copy-button")?.className.split(" ")[0]));
  }
  for (const part of ["ticket", "hint", "neighbour"]) assert.ok(reached.has(part), part);
  await page.locator("details.hint summary").first().focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("details.hint").first().getAttribute("open"), "");
  const here = page.url();
  await page.keyboard.press("ArrowRight");
  assert.equal(page.url(), here, "arrows belong to the reader");
}));

test("boxes that scroll sideways can be reached by keyboard", inBrowser({ path: PAGE_KINDS.chapter, width: PHONE }, async ({ page }) => {
  const missed = await page.evaluate(() => [...document.querySelectorAll("main *")]
    .filter((el) => el.scrollWidth > el.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(el).overflowX) && el.tabIndex !== 0)
    .map((el) => el.outerHTML.slice(0, 80)));
  assert.deepEqual(missed, []);
}));

test("nothing moves for who does not want it", inBrowser({ path: PAGE_KINDS.front, reducedMotion: true }, async ({ page }) => {
  const moving = await page.evaluate(() => [...document.querySelectorAll("*")]
    .filter((el) => parseFloat(getComputedStyle(el).transitionDuration) > 0 || getComputedStyle(el).animationName !== "none").length);
  assert.equal(moving, 0);
}));

test("code has colours, a button that copies, and the names that its fence gives", inBrowser({ at: "http", path: PAGE_KINDS.chapter }, async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  assert.ok(await page.locator(".language-rust .hljs-keyword").count() > 20);
  const run = page.locator("pre:has(> code.run)").first();
  assert.match(await run.locator(".code-head").textContent(), /recorded run/);
  const code = page.locator("pre:has(> code.language-console)").first();
  await code.locator(".copy-button").click();
  assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), "cargo xtask invoke ch03/03 s3/photos-uploaded");
}));

test("on paper there is the text with its answers, and nothing to press", inBrowser({ path: PAGE_KINDS.print, theme: "dark" }, async ({ page }) => {
  await page.emulateMedia({ media: "print" });
  const [paper, bar, answer, after] = await page.evaluate(() => [
    getComputedStyle(document.documentElement).backgroundColor,
    getComputedStyle(document.querySelector(".bar")).display,
    document.querySelector(".quiz details p").getBoundingClientRect().height,
    getComputedStyle(document.querySelector('main a[href^="https"]'), "::after").content,
  ]);
  assert.equal(paper, "rgb(255, 255, 255)");
  assert.equal(bar, "none");
  assert.ok(answer > 0, "the answer is printed");
  assert.match(after, /https:/);
  const pdf = await page.pdf();
  assert.ok(pdf.length > 50_000);
}));

test("a link to a place inside a fold opens it", inBrowser({ path: PAGE_KINDS.exercise }, async ({ page }) => {
  await page.evaluate(() => { document.querySelector("details.hint p").id = "in-a-fold"; location.hash = "in-a-fold"; });
  await page.locator("details.hint[open] #in-a-fold").waitFor();
}));

const plain = path.join(path.dirname(bookDir), "plain");

test("what plain `mdbook build` writes is built", () => {
  const ran = spawnSync(bookBin, ["build", "--plain", "--root", root, "--dest", plain], { encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
});

test("a plain build reads well: contents, code, quizzes, search, and links to a README", inBrowser({ dir: plain, path: PAGE_KINDS.exercise }, async ({ page }) => {
  assert.equal(await page.locator(".contents a[aria-current]").textContent(), "A typed greeter");
  assert.equal(await page.locator(".contents ol ol a").count() > 5, true);
  await assertListsTheWholeBook(page);
  await assertAccessible(page);
  await page.getByRole("link", { name: "Where state lives" }).first().click();
  await page.waitForURL(/ch03-first-function\/index\.html#state$/);
  assert.ok(await page.locator("h1").isVisible());
  assert.ok(await page.locator(".hljs-keyword").count() > 20);
  const quiz = page.locator("[data-quiz=ch03-q2]");
  await quiz.locator("input[value=b]").check();
  await quiz.getByRole("button", { name: "Check" }).click();
  assert.match(await quiz.locator("output").textContent(), /^Right/);
  assert.ok((await page.evaluate(() => globalThis.courseSearch("deadline"))).length > 0);
}));
