// Check from the page, in a real browser, on the miniature course with the real command line: wrong and then right, hint
// and solution, tabs, cancel, a server that goes and comes back, progress from the terminal, keyboard, accessibility.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { DESKTOP, PHONE, THEMES, assertAccessible, assertFits, inBrowser, xtaskBin } from "./harness.js";
import { BROKEN, FAILS, HANGS, PASSES, copyCourse, serveCourse } from "./live-course.js";

/** What this computer takes to compile two small crates, and more. */
const SLOW = 120_000;

/** A test on a course of its own; `body({ page, context, course, server, open })`. */
function live(options, body) {
  return async (t) => {
    const course = copyCourse();
    options.prepare?.(course);
    const server = await serveCourse(course, options);
    try {
      await inBrowser({ forgives: NETWORK, ...options, base: server.without() }, async (tools) => {
        const open = async (name, page = tools.page) => {
          await page.goto(server.at(course.page(name)));
          await page.locator('.live [aria-disabled="false"]').first().waitFor();
        };
        await body({ ...tools, course, server, open });
      })(t);
    } finally {
      if (server.child.exitCode === null && server.child.signalCode === null) await server.close();
    }
  };
}

/** A stream that is cut because its page or its server went, and a refusal that the page puts into words. */
const NETWORK = /ERR_(CONNECTION|INCOMPLETE|NETWORK|EMPTY)|status of (401|409|500)/;

/** A command line whose `check` is a script of the test's. */
function standIn(course) {
  const script = `#!/bin/sh\nif [ "$1" = check ]; then . ./check.sh; else exec '${xtaskBin}' "$@"; fi\n`;
  fs.writeFileSync(path.join(course.root, "stand-in"), script, { mode: 0o755 });
}

const status = (page, state) => page.locator(`.live-status[data-state="${state}"]`).waitFor({ timeout: SLOW });
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const failed = (page) => page.locator('details[data-test="doubles_a_negative_number"]');

test("a wrong answer is shown with all that helps, and the right one passes", live({}, async ({ page, course, open }) => {
  await open(FAILS);
  assert.equal(new URL(page.url()).hash, "", "the token does not stay in the address");
  await press(page, "Check");
  await status(page, "running");
  await status(page, "failed");
  assert.match(await page.locator(".live-status").innerText(), /^Failed: 1 of 3 tests/);
  assert.equal(await page.locator('.live-tests > li[data-outcome="passed"]').count(), 2);
  const failure = failed(page);
  assert.ok(await failure.evaluate((fold) => fold.open), "the first failure is open");
  const words = await failure.innerText();
  for (const part of ["A refund of three prints.", "Event sent: orders/refund", "Expectation: the answer is the double", "First difference at /total: the sign is lost", "read -3\nanswering 6", "tests/check.rs:"]) {
    assert.ok(words.includes(part), `${part} in ${words}`);
  }
  assert.ok(!words.includes("\u001b"), "colours of a log are a terminal's");
  await failure.getByText("Event sent").click();
  assert.equal(await failure.locator(".live-event pre").innerText(), "-3");
  const rows = failure.locator('.live-compare tr[data-kind="different"]');
  assert.equal(await rows.count(), 3);
  await press(page, "Show a hint (1 of 4)");
  await page.locator(".live-hint[open]").waitFor();

  course.solve(FAILS);
  await status(page, "failed");
  await press(page, "Check");
  await status(page, "running");
  await status(page, "passed");
  assert.match(await page.locator(".live-status").innerText(), /^Passed: 3 tests/);
  await page.locator(`.contents .state[data-exercise="${FAILS}"][data-state="passed"], .ticket .state[data-state="passed"]`).first().waitFor();
  await press(page, "Compare with the solution");
  await page.getByText("is the solution, to the letter").waitFor();
  await page.getByText("What often goes wrong here").waitFor();
}));

test("what does not compile is shown as the compiler says it", live({}, async ({ page, open }) => {
  await open(BROKEN);
  await press(page, "Check");
  await status(page, "does-not-compile");
  const said = await page.locator(".live-compiler").first().innerText();
  assert.match(said, /^error/);
  assert.match(said, /src\/main\.rs:\d+/);
  assert.match(await page.locator(".live-place button").first().innerText(), /^src\/main\.rs:\d+/);
}));

test("hints come one by one with their counter and are there after a reload", live({}, async ({ page, open }) => {
  await open(FAILS);
  for (const [index, name] of ["Show a hint (1 of 4)", "Show the next hint (2 of 4)", "Show the next hint (3 of 4)", "Show the next hint (4 of 4)"].entries()) {
    await press(page, name);
    await page.locator(".live-hint").nth(index).and(page.locator("[open]")).waitFor();
    assert.equal(await page.locator(".live-hint[open]").count(), 1, "the new one is open");
  }
  assert.equal(await page.getByRole("button", { name: /hint/ }).count(), 0, "no more");
  const [first] = await page.locator(".live-hint").allInnerTexts();
  await page.reload();
  await page.locator(".live-hint").nth(3).waitFor();
  assert.ok(first.startsWith("Hint 1 of 4"));
}));

test("the solution is shown before passing only to whom gives up on purpose", live({}, async ({ page, open }) => {
  await open(FAILS);
  assert.equal(await page.getByRole("button", { name: "Give up…" }).count(), 0, "not before the first try");
  await press(page, "Check");
  await status(page, "failed");
  assert.equal(await page.getByRole("button", { name: "Compare with the solution" }).count(), 0);
  await press(page, "Give up…");
  const dialog = page.getByRole("dialog");
  assert.match(await dialog.innerText(), /passing takes it back/);
  await dialog.getByRole("button", { name: "Keep trying" }).click();
  assert.equal(await page.locator(".live-diff").count(), 0);
  await press(page, "Give up…");
  await dialog.getByRole("button", { name: "Show the solution" }).click();
  await page.locator(".live-line-theirs").first().waitFor();
  assert.ok((await page.locator(".live-line-mine").count()) > 0);
}));

test("a reset asks first, and undo brings the work back", live({}, async ({ page, course, open }) => {
  const mine = course.read(FAILS);
  await open(FAILS);
  await press(page, "Reset…");
  await page.getByRole("dialog").getByRole("button", { name: "Keep my file" }).click();
  assert.equal(course.read(FAILS), mine);
  await press(page, "Reset…");
  await page.getByRole("dialog").getByRole("button", { name: "Reset" }).click();
  await page.getByText("The starter again").first().waitFor();
  await page.getByRole("button", { name: "Undo" }).waitFor();
  assert.notEqual(course.read(FAILS), mine);
  await press(page, "Undo");
  await page.getByText("Yours again").waitFor();
  assert.equal(course.read(FAILS), mine);
}));

test("two tabs agree, and one that was opened without the token gets it from the other", live({}, async ({ page, context, server, course, open }) => {
  await open(FAILS);
  const other = await context.newPage();
  await other.goto(server.without(course.page(FAILS)));
  await other.locator('.live-check[aria-disabled="false"]').waitFor();
  await press(page, "Check");
  await status(other, "failed");
  await status(page, "failed");
  assert.equal(await other.locator(".live-status").innerText(), await page.locator(".live-status").innerText());
  const third = await context.newPage();
  await third.goto(server.without(course.page(FAILS)));
  await status(third, "failed");
}));

test("a tab without the token says how to get it", live({}, async ({ page, server, course }) => {
  await page.goto(server.without(course.page(FAILS)));
  await page.getByText("This tab does not have the key of the server.").waitFor();
  assert.equal(await page.locator(".live-check").getAttribute("aria-disabled"), "true");
}));

test("cancel ends a check, and a reload in the middle shows it again", live({}, async ({ page, course, open }) => {
  await open(HANGS);
  await press(page, "Check");
  await page.locator('.live-tests > li[data-outcome="started"]').first().waitFor({ timeout: SLOW });
  await page.reload();
  await page.locator('.live-tests > li[data-outcome="started"]').first().waitFor();
  await page.getByRole("button", { name: "Checking…" }).waitFor();
  await press(page, "Cancel");
  await page.getByText("Cancelled.", { exact: true }).first().waitFor();
  const left = execFileSync("ps", ["-eo", "args"]).toString().split("\n").filter((line) => line.includes(path.basename(HANGS)) && line.includes(course.root));
  assert.deepEqual(left, [], "nothing is left of it");
  await page.locator('.live-check[aria-disabled="false"]').waitFor();
}));

test("one check runs at a time and the next one waits its turn", live({}, async ({ page, context, course, open }) => {
  await open(HANGS);
  await press(page, "Check");
  await page.locator('.live-tests > li[data-outcome="started"]').first().waitFor({ timeout: SLOW });
  const other = await context.newPage();
  await open(FAILS, other);
  await press(other, "Check");
  await other.getByText("Waiting: one check runs at a time, now ch01/05.").first().waitFor();
  await press(page, "Cancel");
  await status(other, "failed");
}));

test("a chapter is checked as one and each exercise shows it", live({}, async ({ page, course, server }) => {
  fs.rmSync(path.join(course.root, "exercises/ch01-fates/05-hangs"), { recursive: true });
  await page.goto(server.at("ch01-fates/index.html"));
  await page.getByRole("button", { name: "Check the chapter" }).click();
  await page.getByText("3 of 7 exercises passed.").first().waitFor({ timeout: SLOW });
  assert.equal(await page.locator('.live-row[data-state="passed"]').count(), 3);
  assert.equal(await page.locator('.live-row[data-state="does-not-compile"]').count(), 1);
  await page.locator(".live-row a").nth(1).click();
  await status(page, "failed");
  assert.ok(await failed(page).isVisible(), "from the check of the chapter");
}));

test("a server that goes and comes back finds the page again", live({}, async ({ page, context, course, server, open }) => {
  await open(FAILS);
  server.child.kill("SIGKILL");
  await page.getByText("The server does not answer.").waitFor();
  assert.match(await page.locator(".live-trouble").innerText(), /cargo xtask serve/);
  const again = await serveCourse(course, { port: server.port });
  try {
    await page.getByText("This tab does not have the key of the server.").waitFor({ timeout: 30_000 });
    // The new server opens a browser, or its reader follows the printed address.
    const opened = await context.newPage();
    await opened.goto(again.at(""));
    await page.locator('.live-check[aria-disabled="false"]').waitFor();
    await press(page, "Check");
    await status(page, "failed");
  } finally {
    await again.close();
  }
}));

test("progress from the terminal and edits in an editor show in open pages", live({}, async ({ page, course, open }) => {
  await open(PASSES);
  await page.locator(`.contents .state[data-exercise="${PASSES}"], .live-status`).first().waitFor();
  const env = { ...process.env, CARGO_TARGET_DIR: path.join(os.tmpdir(), "live-course-target"), CARGO_NET_OFFLINE: "true" };
  execFileSync(xtaskBin, ["check", "1/1"], { cwd: course.root, env, stdio: "ignore" });
  await status(page, "passed");
  course.write(PASSES, course.read(PASSES).replace("number * 2", "2 * number"));
  await page.getByText("Edited since it passed.").first().waitFor();
}));

test("the front page leads to where the learner left off, and progress goes out and in", live({}, async ({ page, course, server }) => {
  await page.goto(server.at("index.html"));
  await page.getByRole("link", { name: /ch01\/01/ }).waitFor();
  const env = { ...process.env, CARGO_TARGET_DIR: path.join(os.tmpdir(), "live-course-target"), CARGO_NET_OFFLINE: "true" };
  execFileSync(xtaskBin, ["check", "1/1"], { cwd: course.root, env, stdio: "ignore" });
  await page.getByText("Go on where you left off").waitFor();
  await page.locator(".live-front").getByText("1 of 8 passed").waitFor();
  await page.evaluate(() => localStorage.setItem("course/quiz/small", '"b"'));
  const [download] = await Promise.all([page.waitForEvent("download"), press(page, "Export progress")]);
  const file = await download.path();
  const saved = JSON.parse(fs.readFileSync(file, "utf8"));
  assert.match(saved.progress, /ch01-fates\/01-passes passed /);
  assert.deepEqual(saved.browser, { "course/quiz/small": '"b"' });
  fs.rmSync(path.join(course.root, ".progress"), { recursive: true });
  await page.locator(".live-front").getByText("0 of 8 passed").waitFor();
  await page.evaluate(() => localStorage.removeItem("course/quiz/small"));
  await page.locator('input[type="file"]').setInputFiles(file);
  await page.getByText(/facts imported/).waitFor();
  await page.locator(".live-front").getByText("1 of 8 passed").waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem("course/quiz/small")), '"b"');
  await page.locator('input[type="file"]').setInputFiles({ name: "list.txt", mimeType: "text/plain", buffer: Buffer.from("milk, bread") });
  await page.getByText(/has no progress in it/).waitFor();
}));

test("troubles of the tools have words and a way out", live({ env: { CARGO: "/no/such/cargo" } }, async ({ page, open }) => {
  await open(FAILS);
  await press(page, "Check");
  await page.getByText("Cargo cannot be run.").waitFor({ timeout: SLOW });
  assert.match(await page.locator(".live-trouble").innerText(), /rustup\.rs/);
}));

test("a check that is killed, a full disk, and a command line that is gone are said", live({ xtask: "./stand-in", prepare: standIn }, async ({ page, course, open }) => {
  await open(FAILS);
  const says = async (check, words) => {
    fs.writeFileSync(path.join(course.root, "check.sh"), check);
    await press(page, "Check");
    await page.getByText(words).first().waitFor();
    await page.locator('.live-check[aria-disabled="false"]').waitFor();
  };
  await says("kill -9 $$", "something killed it, perhaps for want of memory");
  await says(`echo '{"version":1,"event":"error","words":"cannot write x: No space left on device (os error 28)"}'; echo '{"version":1,"event":"done","exit":4}'`, "The disk is full.");
  await says(`echo '{"version":1,"event":"error","words":"<img src=x onerror=document.title=1> went wrong"}'; echo '{"version":1,"event":"done","exit":4}'`, "It could not be checked:");
  assert.equal(await page.locator(".live img").count(), 0, "words are text");
  fs.rmSync(path.join(course.root, "stand-in"));
  await press(page, "Check");
  await page.getByText("The command line cannot be run.").waitFor();
}));

test("everything can be done by keyboard, and the focus stays where it was", live({}, async ({ page, course, open }) => {
  await open(FAILS);
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await page.locator(".live-check").focus();
  await page.keyboard.press("Enter");
  await status(page, "running");
  assert.match(await focused(), /^(Checking|Waiting)…$/, "waiting is for another cargo on this machine");
  await status(page, "failed");
  assert.equal(await focused(), "Check", "the focus is still on the button");
  const reach = async (name) => {
    for (let tab = 0; tab < 40; tab++) {
      await page.keyboard.press("Tab");
      if ((await focused()).startsWith(name)) return;
    }
    assert.fail(`${name} cannot be reached by Tab`);
  };
  await reach("✗doubles a negative number");
  await page.keyboard.press("Enter");
  assert.equal(await failed(page).evaluate((fold) => fold.open), false);
  await page.keyboard.press("Enter");
  await reach("Show a hint");
  await page.keyboard.press("Enter");
  await page.locator(".live-hint[open]").waitFor();
  assert.match(await focused(), /^Show the next hint/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "Give up…", "the focus comes back from the dialog");
  course.solve(FAILS);
  await page.locator(".live-check").focus();
  await page.keyboard.press("Space");
  await status(page, "running");
  await status(page, "passed");
  assert.equal(await focused(), "Check");
}));

test("a screen reader hears what changes and not every crate", live({}, async ({ page, open }) => {
  await open(FAILS);
  await page.evaluate(() => {
    globalThis.heard = [];
    const aloud = document.querySelector("[data-aloud]");
    new MutationObserver(() => globalThis.heard.push(aloud.textContent)).observe(aloud, { childList: true, characterData: true, subtree: true });
  });
  await press(page, "Check");
  await status(page, "failed");
  const heard = (await page.evaluate(() => globalThis.heard)).filter(Boolean);
  assert.match(heard.at(-1), /^Failed: 1 of 3 tests/);
  assert.ok(heard.length <= 6, heard.join(" | "));
}));

for (const theme of THEMES) {
  for (const width of [PHONE, DESKTOP]) {
    test(`a failed and a passed check are accessible, ${theme}, ${width} px`, live({ theme, width }, async ({ page, course, open }) => {
      await open(FAILS);
      await press(page, "Check");
      await status(page, "failed");
      await failed(page).getByText("Event sent").click();
      await press(page, "Show a hint (1 of 4)");
      await page.locator(".live-hint[open]").waitFor();
      await assertAccessible(page, "a failed check");
      await assertFits(page);
      course.solve(FAILS);
      await press(page, "Check");
      await status(page, "passed");
      await press(page, "Compare with the solution");
      await page.locator(".live-solution").waitFor();
      await assertAccessible(page, "a passed check");
      await assertFits(page);
      await open(BROKEN);
      await press(page, "Check");
      await status(page, "does-not-compile");
      await assertAccessible(page, "a compile error");
      await assertFits(page);
    }));
  }
}
