// Quizzes: each kind is answered wrong and right, by keyboard, says why, and remembers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_KINDS, inBrowser } from "./harness.js";

const chapter = { path: PAGE_KINDS.chapter };
const check = (quiz) => quiz.getByRole("button", { name: "Check" }).click();

test("a wrong choice shows its own reason and not the answer; the right one opens the answer", inBrowser(chapter, async ({ page }) => {
  const quiz = page.locator("[data-quiz=ch03-q1]");
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /Choose something first/);
  await quiz.locator("input[value=b]").check();
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /^Not yet\. .*new process for each event/);
  assert.equal(await quiz.locator("label:has([value=b])").getAttribute("data-verdict"), "wrong");
  assert.equal(await quiz.locator("details").getAttribute("open"), null);
  await quiz.locator("input[value=c]").check();
  assert.equal(await quiz.locator("output").textContent(), "", "a new choice takes the old verdict away");
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /^Right\./);
  assert.ok(await quiz.getByText("a counter of its own").isVisible());
}));

test("where several are right, all of them are needed and nothing else", inBrowser(chapter, async ({ page }) => {
  const quiz = page.locator("[data-quiz=ch03-q3]");
  await quiz.locator("input[value=a]").check();
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /something is missing/);
  await quiz.locator("input[value=c]").check();
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /panics at run time/);
  await quiz.locator("input[value=c]").uncheck();
  await quiz.locator("input[value=d]").check();
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /^Right\./);
}));

test("a quiz is answered by keyboard alone", inBrowser(chapter, async ({ page }) => {
  const quiz = page.locator("[data-quiz=ch03-q6]");
  assert.match(await quiz.locator("legend").textContent(), /Predict the output/);
  await quiz.locator("input").first().focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  assert.match(await quiz.locator("output").textContent(), /^Right\./);
  assert.equal(await quiz.locator("output").getAttribute("aria-live"), "polite");
}));

test("lines are put in order by buttons that keep the focus and say where the line is", inBrowser(chapter, async ({ page }) => {
  const quiz = page.locator("[data-quiz=ch03-q7]");
  const order = () => quiz.locator("li").evaluateAll((items) => items.map((item) => item.dataset.value).filter(Boolean).join(" "));
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /Something else comes first/);
  const up = quiz.getByRole("button", { name: "Move up: the caller gets 202" });
  await up.focus();
  await page.keyboard.press("Enter");
  assert.match(await quiz.locator("output").textContent(), /Moved to place 1 of 5/);
  assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), "Move up: the caller gets 202");
  await page.keyboard.press("Enter");
  assert.equal(await order(), "accepted second kept first third", "the first line stays the first");
  const press = async (name, times) => {
    for (let n = 0; n < times; n++) await quiz.getByRole("button", { name }).click();
  };
  await press("Move up: the first attempt", 2);
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /The first 3 are in place/);
  await press("Move down: the destination", 1);
  assert.equal(await order(), "accepted first second third kept");
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /^Right\./);
}));

test("what was answered is there on the next visit", inBrowser({ ...chapter, at: "http" }, async ({ page }) => {
  const one = page.locator("[data-quiz=ch03-q2]");
  await one.locator("input[value=b]").check();
  await check(one);
  const order = page.locator("[data-quiz=ch03-q7]");
  await order.getByRole("button", { name: "Move up: the caller gets 202" }).click();
  await check(order);
  await page.reload();
  assert.ok(await one.locator("input[value=b]").isChecked());
  assert.match(await one.locator("output").textContent(), /^Right\./);
  assert.equal(await order.locator("li").first().getAttribute("data-value"), "accepted");
}));

test("quizzes work where nothing can be stored", inBrowser({}, async ({ page, context, url }) => {
  await context.addInitScript(() => {
    Object.defineProperty(globalThis, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } });
  });
  await page.goto(url(PAGE_KINDS.chapter));
  const quiz = page.locator("[data-quiz=ch03-q2]");
  await quiz.locator("input[value=b]").check();
  await check(quiz);
  assert.match(await quiz.locator("output").textContent(), /^Right\./);
}));

test("an answer moves nothing that the reader is using", inBrowser(chapter, async ({ page }) => {
  const quiz = page.locator("[data-quiz=ch03-q4]");
  await quiz.scrollIntoViewIfNeeded();
  const places = () => quiz.locator("label, button").evaluateAll((all) => all.map((el) => Math.round(el.getBoundingClientRect().top)));
  await quiz.locator("input[value=c]").check();
  const before = await places();
  await check(quiz);
  assert.deepEqual(await places(), before);
}));
