// Away from any network: from a disk without a single request to elsewhere, after one visit without the server, and
// light enough for a slow line.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { PAGE_KINDS, bookDir, inBrowser } from "./harness.js";

const KB = 1000;

test("a first visit takes less than 250 KB, gzipped", inBrowser({ at: "http", path: PAGE_KINDS.chapter, serviceWorkers: "block" }, async ({ page, server, t }) => {
  await page.waitForLoadState("networkidle");
  const bytes = [...server.sent.values()].reduce((sum, size) => sum + size, 0);
  t.diagnostic(`${Math.round(bytes / KB)} KB in ${server.sent.size} answers: ${[...server.sent.entries()].map(([name, size]) => `${name} ${size}`).join(", ")}`);
  assert.ok(bytes < 250 * KB, `${bytes} bytes`);
}));

test("after one visit the book is read and searched without its server", inBrowser({ at: "http", path: PAGE_KINDS.front, serviceWorkers: "allow", forgives: /ERR_CONNECTION_REFUSED|ERR_FAILED|Failed to load/ }, async ({ page, url, server }) => {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) await new Promise((seen) => navigator.serviceWorker.addEventListener("controllerchange", seen, { once: true }));
  });
  await server.close();
  server.close = async () => {};
  await page.goto(url(PAGE_KINDS.exercise));
  assert.ok(await page.getByRole("heading", { name: "A typed greeter" }).isVisible());
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector(".bar")).position), "sticky", "with its styles");
  await page.locator("#search-open").click();
  await page.keyboard.type("deadline");
  await page.locator(".search-results a").first().waitFor();
}));

test("the list of files for offline reading is whole, and never holds what a server answers", () => {
  const worker = fs.readFileSync(path.join(bookDir, "sw.js"), "utf8");
  const files = JSON.parse(/const FILES = (\[.*?\]);/s.exec(worker)[1]);
  for (const file of files) assert.ok(fs.existsSync(path.join(bookDir, file)), file);
  for (const page of Object.values(PAGE_KINDS)) assert.ok(files.includes(page), page);
  assert.ok(!files.some((file) => file.startsWith("api/") || file.startsWith("-/")));
  assert.match(worker, /"api\/"/);
});

test("every page forbids inline scripts and everything from elsewhere", () => {
  const pages = fs.readdirSync(bookDir, { recursive: true }).filter((file) => file.endsWith(".html"));
  for (const file of pages) {
    const html = fs.readFileSync(path.join(bookDir, file), "utf8");
    if (html.includes("<title>This page has moved</title>")) continue;
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
    assert.match(policy, /default-src 'none'/, file);
    assert.ok(!/script-src[^;]*unsafe/.test(policy), file);
    for (const [, attributes] of html.matchAll(/<script([^>]*)>/g)) {
      assert.ok(/src=|application\/json/.test(attributes), `${file} has an inline script`);
    }
    assert.ok(!/\son[a-z]+="/.test(html.replace(/<pre[\s\S]*?<\/pre>/g, "")), `${file} has an inline handler`);
  }
});

test("what a first visit needs besides the page is small and shared", () => {
  const scripts = fs.readdirSync(bookDir, { recursive: true }).filter((file) => file.endsWith(".js") && !/searchindex|sw\.js/.test(file));
  const size = scripts.map((file) => gzipSync(fs.readFileSync(path.join(bookDir, file))).length).reduce((a, b) => a + b, 0);
  assert.ok(size < 90 * KB, `${size} bytes of scripts`);
  assert.ok(!scripts.some((file) => /elasticlunr|mark\.min|clipboard|searcher|ace/.test(file)), "nothing that no page asks for");
});
