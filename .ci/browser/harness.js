// What every browser test needs: Chromium, a book to look at (as files, over HTTP, or served by the course's own
// server), and a witness who writes down what the page did. A test fails by itself when its page asked another origin,
// wrote an error to the console, broke its own content security policy, or threw.
//
//   test("the front page has ten chapters", inBrowser({ path: "index.html", theme: "dark" }, async ({ page }) => {
//     assert.equal(await page.locator("[data-chapter]").count(), 10);
//   }));

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

/** The course's folder, the built book, and the built programs; `.ci/browser/run` sets them. */
export const root = process.env.BOOK_ROOT;
export const bookDir = process.env.BOOK_DIR;
export const bookBin = process.env.BOOK_BIN;
export const xtaskBin = process.env.XTASK_BIN;

export const THEMES = ["light", "dark"];
export const PHONE = 390;
export const TABLET = 768;
export const DESKTOP = 1280;

/** One page of every kind. */
export const PAGE_KINDS = {
  front: "index.html",
  chapter: "ch03-first-function/index.html",
  exercise: "ch03-first-function/01-greeter.html",
  plain: "ch03-first-function/on-your-own-account.html",
  print: "print.html",
  contents: "toc.html",
  missing: "404.html",
};

let browser = null;

/** Debian's Chromium without what a test does not want: no updates, no requests of its own. */
export const launchOptions = () => ({
  executablePath: process.env.CHROMIUM,
  args: [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

/** One Chromium per test file. */
async function launch() {
  browser ??= chromium.launch(launchOptions());
  return browser;
}

after(async () => {
  await (await browser)?.close();
});

/**
 * A test that gets a page of its own.
 *
 * - `at`: "file" (default), "http" (a plain static server), or "serve" (the course's own server)
 * - `dir`: another built book than the course's; `root`: another course to serve
 * - `base`: the address of a server that the test started itself
 * - `path`: which page to open; none when the test opens it itself
 * - `theme`: what the system prefers, "light" (default) or "dark"; `width`, `height` in CSS pixels
 * - `javaScript`: false switches it off; `reducedMotion`: true
 * - `forgives`: a RegExp of console errors that the test expects
 *
 * The body gets `{ page, context, url, seen, server }`: `url(path)` is where a page lies, `seen.requests` every URL
 * that was asked for, `seen.errors` what went wrong so far.
 */
export function inBrowser(options, body) {
  return async (t) => {
    const { at = "file", dir = bookDir, theme = "light", width = DESKTOP, height = 900 } = options;
    const server = at === "http" ? await serveFiles(dir) : at === "serve" ? await serveBook(options) : null;
    const base = options.base ?? (server ? server.url : `${pathToFileURL(dir).href}/`);
    const url = (page) => new URL(page, base).href;
    const context = await (await launch()).newContext({
      viewport: { width, height },
      colorScheme: theme,
      javaScriptEnabled: options.javaScript ?? true,
      reducedMotion: options.reducedMotion ? "reduce" : "no-preference",
      serviceWorkers: options.serviceWorkers ?? "block",
    });
    context.setDefaultTimeout(15_000);
    const seen = { requests: [], errors: [] };
    watch(context, base, seen);
    try {
      const page = await context.newPage();
      if (options.path !== undefined) await page.goto(url(options.path));
      await body({ page, context, url, seen, server, t });
      const errors = seen.errors.filter((error) => !options.forgives?.test(error));
      assert.deepEqual(errors, [], "what the pages did wrong");
    } finally {
      await context.close();
      await server?.close();
    }
  };
}

/** Writes down every request and every error of the context's pages. */
function watch(context, base, seen) {
  const own = new URL(base);
  const allowed = (url) => {
    if (/^(data|blob|about):/.test(url)) return true;
    return own.protocol === "file:" ? url.startsWith("file:") : new URL(url).origin === own.origin;
  };
  context.on("request", (request) => {
    seen.requests.push(request.url());
    if (!allowed(request.url())) seen.errors.push(`asked another origin: ${request.url()}`);
  });
  context.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // A page that is left takes its open requests with it.
    if (!why.includes("ERR_ABORTED")) seen.errors.push(`request failed: ${request.url()} ${why}`);
  });
  context.on("console", (message) => {
    if (message.type() === "error") seen.errors.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => seen.errors.push(`uncaught: ${error.error().message}`));
}

const TYPES = {
  html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml", json: "application/json", png: "image/png", webmanifest: "application/manifest+json",
};

/** A plain static server, as any host of the book is: gzip, no rules of its own. Counts the bytes that it sent. */
export async function serveFiles(dir) {
  const sent = new Map();
  const server = http.createServer((request, response) => {
    const wanted = decodeURIComponent(new URL(request.url, "http://x").pathname);
    let file = path.join(dir, path.normalize(wanted));
    if (wanted.endsWith("/")) file = path.join(file, "index.html");
    if (!fs.existsSync(file) || fs.statSync(file).isDirectory()) {
      response.writeHead(404, { "content-type": TYPES.html });
      response.end(fs.readFileSync(path.join(dir, "404.html")));
      return;
    }
    const body = gzipSync(fs.readFileSync(file), { level: 6 });
    sent.set(wanted, body.length);
    response.writeHead(200, {
      "content-type": TYPES[file.split(".").pop()] ?? "application/octet-stream",
      "content-encoding": "gzip",
      "content-length": body.length,
    });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    sent,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/**
 * The course's own server on a free port: `book serve` in `root`. `env` and `args` are added to it. The answer has the
 * address that it printed, its lines so far, and `close`.
 */
export async function serveBook({ root: folder = root, args = [], env = {}, program = bookBin, command = ["serve"] } = {}) {
  const child = spawn(program, [...command, "--port", "0", "--no-open", ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [];
  const ended = once(child, "exit");
  const address = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the server never said where it is: ${lines.join("\n")}`)), 30_000);
    let rest = "";
    const read = (chunk) => {
      const all = (rest + chunk).split("\n");
      rest = all.pop();
      lines.push(...all);
      const found = all.map((line) => /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(line)?.[0]).find(Boolean);
      if (found) {
        clearTimeout(late);
        resolve(found);
      }
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", (chunk) => lines.push(...chunk.split("\n").filter(Boolean)));
    ended.then(() => reject(new Error(`the server ended: ${lines.join("\n")}`)));
  });
  return {
    url: address,
    lines,
    child,
    async close() {
      child.kill("SIGINT");
      await ended;
    },
  };
}

const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];

/** Fails with every WCAG 2.2 A or AA violation that axe finds on the page as it is now, or in what `within` selects. */
export async function assertAccessible(page, words = page.url(), within = "html") {
  // By the debugger's evaluation, which the page's own policy does not bind.
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async ([tags, within]) => {
    // Without `preload`, which reads style sheets anew: a book on a disk cannot.
    const result = await globalThis.axe.run(within, { runOnly: { type: "tag", values: tags }, preload: false });
    return result.violations.map((v) => ({
      rule: v.id,
      nodes: v.nodes.map((n) => `${n.target.join(" ")}: ${n.any.concat(n.all, n.none).map((c) => c.message).join("; ")}`),
    }));
  }, [WCAG, within]);
  assert.deepEqual(violations, [], `WCAG violations of ${words}`);
}

/** Fails when the page can be scrolled sideways. */
export async function assertFits(page, words = page.url()) {
  const { wide, view, who } = await page.evaluate(() => {
    const view = document.documentElement.clientWidth;
    const inBox = (el) => {
      for (let up = el.parentElement; up; up = up.parentElement) {
        if (getComputedStyle(up).overflowX !== "visible") return true;
      }
      return false;
    };
    const who = [...document.querySelectorAll("body *")]
      .filter((el) => el.getBoundingClientRect().right > view + 1 && !inBox(el))
      .slice(0, 5)
      .map((el) => `${el.tagName.toLowerCase()}.${el.className}`);
    return { wide: document.documentElement.scrollWidth, view, who };
  });
  assert.ok(wide <= view, `${words} is ${wide} px wide in ${view}: ${who.join(", ")}`);
}
