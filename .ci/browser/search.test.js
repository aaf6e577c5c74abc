// Search: thirty English queries on the book, thirty Chinese ones on a small book of its own, results by section, by
// keyboard, from a disk.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { PAGE_KINDS, bookBin, bookDir, inBrowser, root } from "./harness.js";

/** What a reader types, and a place that must be among the first results. */
const ENGLISH = [
  ["handler", "index.html#handlers"], ["cold start", "index.html#s5-1"], ["deadline", "04-deadline.html#"],
  ["SystemTime", "index.html#context"], ["panic", "index.html#errors"], ["errorType", "index.html#errors"],
  ["Diagnostic", "index.html#errors"], ["bootstrap", "index.html#naming"], ["provided.al2023", "index.html#naming"],
  ["dead-letter queue", "index.html#async"], ["retries", "index.html#nested-retries"], ["asynchronous", "index.html#async"],
  ["FunctionError", "index.html#invoke"], ["LogResult", "05-invoke-result.html"], ["S3 key", "index.html#events"],
  ["url_decoded_key", "index.html#events"], ["SIGTERM", "index.html#cleanup"], ["freeze", "index.html#cleanup"],
  ["frozen", "index.html#state"], ["receipts", "06-lost-receipts.html#"], ["percent_encoding", "03-event-types.html#"],
  ["load balancer", "index.html#events"], ["EventBridge", "index.html#events"], ["counter", "01-greeter.html#"],
  ["AtomicU64", "01-greeter.html#"], ["cargo lambda deploy", "on-your-own-account.html#"], ["SAM template", "on-your-own-account.html#"],
  ["what does it cost", "on-your-own-account.html#cost"], ["log retention", "on-your-own-account.html#sam"], ["borrowing a closure", "index.html#state"],
];

const CHINESE = [
  ["冷啟動", "cold-start.html#cold-start"], ["初始化", "cold-start.html#init"], ["暖啟動", "cold-start.html#warm"],
  ["記憶體", "cold-start.html#memory"], ["凍結", "cold-start.html#freeze"], ["全域變數", "cold-start.html#warm"],
  ["資料庫連線", "cold-start.html#init"], ["錯誤處理", "errors.html#errors"], ["錯誤", "errors.html#"],
  ["型別", "errors.html#types"], ["列舉", "errors.html#types"], ["enum", "errors.html#types"],
  ["逾時", "errors.html#timeout"], ["借用檢查器", "errors.html#borrow"], ["解構子", "errors.html#timeout"],
  ["佇列", "queues.html#"], ["可見性逾時", "queues.html#visibility"], ["部分失敗", "queues.html#partial"],
  ["死信佇列", "queues.html#dlq"], ["冪等性", "queues.html#idempotency"], ["隨機抖動", "queues.html#backoff"],
  ["重試 等待", "queues.html#backoff"], ["最小權限", "permissions.html#least"], ["星號", "permissions.html#least"],
  ["信任政策 角色", "permissions.html#trust"], ["金鑰輪替", "permissions.html#rotation"], ["JSON 日誌", "monitoring.html#logs"],
  ["台灣", "README.html#install"], ["aws lambda", "README.html#reading"], ["ｊｓｏｎ", "monitoring.html#logs"],
];

/** How far down a reader looks. */
const FIRST = 6;

const place = (url) => url.replace(/^index\.html/, "README.html");

test("thirty English queries find their place", inBrowser({ path: PAGE_KINDS.front }, async ({ page }) => {
  assert.equal(ENGLISH.length, 30);
  const lost = [];
  for (const [query, wanted] of ENGLISH) {
    const results = await page.evaluate((query) => globalThis.courseSearch(query), query);
    const urls = results.slice(0, FIRST).map(({ url }) => url);
    if (!urls.some((url) => url.includes(`/${wanted}`))) lost.push(`${query}: ${urls.join(" ")}`);
  }
  assert.deepEqual(lost, []);
}));

const chinese = path.join(path.dirname(bookDir), "zh", "book");

test("the Chinese book is built", () => {
  const source = path.dirname(chinese);
  fs.rmSync(source, { recursive: true, force: true });
  fs.mkdirSync(source, { recursive: true });
  fs.cpSync(path.join(root, "theme"), path.join(source, "theme"), { recursive: true });
  fs.cpSync(path.join(root, ".ci/browser/fixtures/zh"), path.join(source, "src"), { recursive: true });
  const settings = fs.readFileSync(path.join(root, "book.toml"), "utf8")
    .replace('language = "en"', 'language = "zh-TW"')
    .replace('src = "src/en"', 'src = "src"')
    .replace(/build-dir = .*/, 'build-dir = "book"')
    .replace(/"\/ch.*README\.html" = .*\n?/g, "")
    + '"/ch01/cold-start.html#old" = "errors.html#panic"\n"/ch01/gone.html" = "queues.html"\n"/ch01/gone.html#far" = "errors.html#timeout"\n';
  fs.writeFileSync(path.join(source, "book.toml"), settings);
  const ran = spawnSync(bookBin, ["build", "--root", source], { encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
});

test("thirty Chinese queries find their place", inBrowser({ dir: chinese }, async ({ page, url }) => {
  assert.equal(CHINESE.length, 30);
  await page.goto(url("index.html"));
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-TW");
  const lost = [];
  for (const [query, wanted] of CHINESE) {
    const results = await page.evaluate((query) => globalThis.courseSearch(query), query);
    const urls = results.slice(0, FIRST).map(({ url }) => place(url));
    if (!urls.some((url) => url.includes(wanted))) lost.push(`${query}: ${urls.join(" ")}`);
  }
  assert.deepEqual(lost, []);
}));

test("what is nowhere is not found", inBrowser({ dir: chinese }, async ({ page, url }) => {
  await page.goto(url("index.html"));
  for (const query of ["量子電腦", "冷啟動 量子", "kubernetes", "  ", "。"]) {
    assert.deepEqual(await page.evaluate((query) => globalThis.courseSearch(query), query), [], query);
  }
}));

test("search opens, is walked and leads to a section by keyboard alone, on a disk", inBrowser({ path: PAGE_KINDS.exercise }, async ({ page }) => {
  await page.keyboard.press("Control+k");
  await page.keyboard.type("clean-up after the answer");
  await page.locator(".search-results a").first().waitFor();
  assert.match(await page.locator(".search-count").textContent(), /^\d+ places?$|^The best 30 places$/);
  assert.ok(await page.locator(".search-results mark").count() > 0);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  assert.equal(await page.evaluate(() => document.activeElement.type), "search");
  await page.keyboard.press("Enter");
  await page.waitForURL(/index\.html#cleanup$/);
  assert.ok(await page.locator("#cleanup").isVisible());
  await page.keyboard.press("Control+k");
  await page.keyboard.type("some words");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("dialog[open]").count(), 0);
}));

test("the index is fetched when somebody searches, and not before", inBrowser({ at: "http", path: PAGE_KINDS.front }, async ({ page, seen }) => {
  const asked = () => seen.requests.filter((url) => url.includes("searchindex")).length;
  assert.equal(asked(), 0);
  await page.locator("#search-open").click();
  await page.keyboard.type("handler");
  await page.locator(".search-results a").first().waitFor();
  assert.equal(asked(), 1);
}));

test("old links lead to where their places are now, fragments included", inBrowser({ dir: chinese }, async ({ page, url }) => {
  for (const [old, now] of [
    ["ch01/cold-start.html#old", "ch01/errors.html#panic"],
    ["ch01/gone.html#dlq", "ch01/queues.html#dlq"],
    ["ch01/gone.html#far", "ch01/errors.html#timeout"],
    ["README.html#install", "index.html#install"],
  ]) {
    await page.goto(url(old));
    await page.waitForURL(url(now));
  }
}));

test("a fence may name its file and mark lines, and keeps its colours and its text", inBrowser({ dir: chinese }, async ({ page, url }) => {
  await page.goto(url("ch01/errors.html"));
  const block = page.locator("pre:has(> code.language-rust)");
  assert.equal(await block.locator(".code-name").textContent(), "src/main.rs");
  assert.deepEqual(await block.locator(".code-line-marked").allTextContents(), ['    let name = "小明";', '    println!("{name}");']);
  assert.ok(await block.locator(".code-line-marked .hljs-string").count() > 0);
  assert.equal((await block.locator("code").textContent()).trim().split("\n").length, 4);
}));
