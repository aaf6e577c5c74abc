// The widgets as a reader uses them: by keyboard, without script, in print, on a phone, in both themes, without motion.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { assertAccessible, assertFits, bookBin, DESKTOP, inBrowser, PHONE, root, THEMES } from "./harness.js";

// A book of its own, built as the course's is: the same theme and settings, one page with every widget.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "widgets-"));
after(() => fs.rmSync(folder, { recursive: true }));
fs.cpSync(path.join(root, ".ci/browser/fixtures/widgets"), path.join(folder, "src/en"), { recursive: true });
fs.cpSync(path.join(root, "theme"), path.join(folder, "theme"), { recursive: true });
fs.cpSync(path.join(root, "book.toml"), path.join(folder, "book.toml"));
const built = spawnSync(bookBin, ["build", "--root", folder, "--dest", path.join(folder, "book")], { encoding: "utf8" });
assert.equal(built.status, 0, `${built.stdout}${built.stderr}`);

const gallery = { dir: path.join(folder, "book"), path: "widgets.html" };
const names = fs
  .readdirSync(path.join(root, "theme/widgets"))
  .filter((file) => file.endsWith(".js") && !["widget.js", "data.js"].includes(file))
  .map((file) => file.replace(".js", ""));

const figure = (page, name) => page.locator(`figure[data-widget="${name}"]`);

/** The sentence, once it has come to rest. */
async function told(page, name) {
  const status = figure(page, name).getByRole("status");
  await page.waitForFunction((element) => !element.ariaBusy && element.textContent !== "", await status.elementHandle());
  return status.textContent();
}

for (const name of names) {
  test(
    `${name} is worked with the keyboard alone, and says what came of it`,
    inBrowser(gallery, async ({ page }) => {
      const first = await told(page, name);
      assert.match(first, /\w+ .*[.!]$/, "the first state is a sentence");
      const controls = figure(page, name).locator(".w-controls :is(input, select)");
      let heard = 0;
      for (let index = 0; index < (await controls.count()); index += 1) {
        const control = controls.nth(index);
        // Where the keyboard gets: nothing is skipped, and each has a name.
        if (index === 0) await control.focus();
        else await page.keyboard.press("Tab");
        assert.ok(await control.evaluate((el) => el === document.activeElement), `control ${index} is next`);
        assert.ok(await control.evaluate((el) => el.labels[0]?.textContent.trim()), `control ${index} has a label`);
        const before = await told(page, name);
        const kind = await control.evaluate((el) => el.type);
        const keys = { checkbox: ["Space"], number: ["ArrowUp"], range: ["ArrowLeft", "ArrowRight", "ArrowRight"] };
        for (const key of keys[kind] ?? ["ArrowDown", "ArrowUp", "ArrowUp"]) {
          await page.keyboard.press(key);
          if ((await told(page, name)) !== before) {
            heard += 1;
            break;
          }
        }
      }
      assert.ok(heard * 2 >= (await controls.count()), `only ${heard} controls change what is said`);
      const reset = figure(page, name).getByRole("button", { name: "Reset" });
      await reset.focus();
      await page.keyboard.press("Enter");
      assert.equal(await told(page, name), first, "reset gives the first state again");
    }),
  );
}

test(
  "steps go back and forth, and say where they are",
  inBrowser(gallery, async ({ page }) => {
    const stepwise = page.locator("figure.widget", { has: page.getByRole("button", { name: "Next" }) });
    assert.ok((await stepwise.count()) >= 1);
    for (const widget of await stepwise.all()) {
      const name = await widget.getAttribute("data-widget");
      const where = widget.locator(".w-where");
      const whole = await told(page, name);
      await widget.getByRole("button", { name: "From the start" }).press("Enter");
      assert.match(await where.textContent(), /^Step 1 of \d+$/, name);
      const one = await told(page, name);
      assert.notEqual(one, whole, `${name} tells of its first step`);
      await widget.getByRole("button", { name: "Next" }).press("Enter");
      assert.match(await where.textContent(), /^Step 2 of \d+$/, name);
      assert.notEqual(await told(page, name), one, `${name} tells of its second step`);
      await widget.getByRole("button", { name: "Back" }).press("Enter");
      await widget.getByRole("button", { name: "Back" }).press("Enter");
      assert.match(await where.textContent(), /^Step 1 of \d+$/, `${name} stays at its first step`);
    }
  }),
);

test(
  "keys that a widget uses do not turn the page or open the search",
  inBrowser(gallery, async ({ page }) => {
    await page.evaluate(() => {
      globalThis.heard = [];
      document.addEventListener("keydown", (event) => globalThis.heard.push(event.key));
    });
    await figure(page, "cost").getByRole("slider").first().focus();
    for (const key of ["ArrowLeft", "ArrowRight", "s", "/", "?"]) await page.keyboard.press(key);
    assert.deepEqual(await page.evaluate(() => globalThis.heard), []);
  }),
);

test(
  "a page without widgets loads none of their scripts",
  inBrowser({ ...gallery, path: "index.html" }, async ({ page, url, seen }) => {
    const scripts = () => seen.requests.filter((request) => /\/widgets\/.*\.js$/.test(request)).length;
    assert.equal(scripts(), 0);
    await page.goto(url("widgets.html"));
    assert.equal(scripts(), names.length + 2, "and one with all of them loads all");
  }),
);

test(
  "without script a reader sees what the author wrote",
  inBrowser({ ...gallery, javaScript: false }, async ({ page }) => {
    assert.equal(await page.locator("figure.widget").count(), names.length);
    for (const name of names) {
      const text = await figure(page, name).innerText();
      const caption = await figure(page, name).locator("figcaption").innerText();
      assert.ok(text.length > caption.length + 40, `${name} says more than its caption`);
    }
    assert.equal(await page.locator(".w-live").count(), 0);
  }),
);

test(
  "in print a widget is what its author wrote",
  inBrowser(gallery, async ({ page }) => {
    await page.emulateMedia({ media: "print" });
    for (const name of names) {
      assert.ok(await figure(page, name).locator(".w-static").isVisible(), name);
      assert.ok(!(await figure(page, name).locator(".w-live").isVisible()), name);
    }
  }),
);

test(
  "nothing moves for those who do not want it",
  inBrowser({ ...gallery, reducedMotion: true }, async ({ page }) => {
    assert.ok((await page.getByRole("button", { name: "Next" }).count()) >= 1, "step by step stays");
    assert.equal(await page.getByRole("button", { name: "Play" }).count(), 0);
  }),
);

test(
  "a widget plays only when it is asked, and stops when it is asked",
  inBrowser(gallery, async ({ page }) => {
    const where = figure(page, "cold-start").locator(".w-where");
    assert.match(await where.textContent(), /^Step (\d+) of \1$/, "it shows its end, at rest");
    await figure(page, "cold-start").getByRole("button", { name: "Play" }).click();
    await page.waitForFunction((el) => el.textContent.startsWith("Step 2 "), await where.elementHandle());
    await figure(page, "cold-start").getByRole("button", { name: "Pause" }).click();
    assert.equal(await figure(page, "cold-start").getByRole("button", { name: "Play" }).count(), 1);
  }),
);

for (const theme of THEMES) {
  for (const width of [PHONE, DESKTOP]) {
    test(
      `all widgets in ${theme} at ${width} pixels: accessible, no sideways scroll, nothing too small to press`,
      inBrowser({ ...gallery, at: "http", theme, width }, async ({ page }) => {
        for (const name of names) await told(page, name);
        await assertAccessible(page, `the widgets, ${theme}, ${width}`, "figure.widget");
        await assertFits(page);
        const small = await page.locator(".w-live :is(input, select, button)").evaluateAll((all) =>
          all.filter((el) => Math.min(el.offsetWidth, el.offsetHeight) < 24).map((el) => el.id || el.textContent),
        );
        assert.deepEqual(small, []);
        const wide = await page.locator(".w-picture svg text").evaluateAll((all) =>
          all
            .filter((el) => {
              const [box, frame] = [el.getBoundingClientRect(), el.ownerSVGElement.getBoundingClientRect()];
              return box.left < frame.left - 1 || box.right > frame.right + 1;
            })
            .map((el) => el.textContent),
        );
        assert.deepEqual(wide, [], "no label is cut");
      }),
    );
  }
}
