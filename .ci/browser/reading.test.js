// Reading: every kind of page opens as a file, in both themes, on a phone and a desktop.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DESKTOP, PAGE_KINDS, PHONE, THEMES, assertFits, inBrowser } from "./harness.js";

const { contents, missing, print, ...pages } = PAGE_KINDS;

for (const [kind, path] of Object.entries(pages)) {
  for (const theme of THEMES) {
    for (const width of [PHONE, DESKTOP]) {
      test(`the ${kind} page is readable, ${theme}, ${width} px`, inBrowser({ path, theme, width }, async ({ page }) => {
        assert.ok(await page.locator("main h1").isVisible());
        await assertFits(page);
      }));
    }
  }
}
