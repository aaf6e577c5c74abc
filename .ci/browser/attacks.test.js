// What other sites and other names can do to the course's server in a real browser: nothing. The same attacks, byte by
// byte, are in xtask/book/tests/suite/attacks.rs.

import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { launchOptions } from "./harness.js";
import { FAILS, copyCourse, serveCourse } from "./live-course.js";

/** A server of the course, and a browser for which every `evil.example` is this machine. */
async function underAttack(body) {
  const course = copyCourse();
  const server = await serveCourse(course);
  const options = launchOptions();
  const browser = await chromium.launch({ ...options, args: [...options.args, "--host-resolver-rules=MAP evil.example 127.0.0.1"] });
  // Another site, or another program of the reader's own on another port.
  const evil = http.createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<!DOCTYPE html><title>evil</title><body></body>");
  });
  evil.listen(0, "127.0.0.1");
  await once(evil, "listening");
  try {
    const page = await (await browser.newContext()).newPage();
    await body({ page, server, course, evil: evil.address().port, wish: `http://127.0.0.1:${server.port}/-/api/reset/${FAILS}` });
    assert.ok(!fs.existsSync(path.join(course.root, ".progress/kept")), "something was done");
  } finally {
    await browser.close();
    evil.closeAllConnections();
    evil.close();
    await server.close();
  }
}

test("a name that was rebound to this machine gets no page and no answer", () => underAttack(async ({ page, server }) => {
  const answer = await page.goto(`http://evil.example:${server.port}/`);
  assert.equal(answer.status(), 421);
  const api = await page.evaluate(async ([name, token]) => {
    const asked = await fetch(`/-/api/reset/${name}`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    return [asked.status, await asked.text()];
  }, [FAILS, server.token]);
  assert.equal(api[0], 421, "even with the token");
}));

for (const host of ["evil.example", "127.0.0.1"]) {
  test(`a page of ${host} on another port can neither ask nor read`, () => underAttack(async ({ page, server, evil, wish }) => {
    await page.goto(`http://${host}:${evil}/`);
    const tries = await page.evaluate(async ([wish, token, book]) => {
      const attempt = (url, options) => fetch(url, options).then(async (answer) => `${answer.type} ${answer.status} ${await answer.text()}`, () => "refused");
      return {
        withToken: await attempt(wish, { method: "POST", headers: { Authorization: `Bearer ${token}` } }),
        simple: await attempt(wish, { method: "POST", mode: "no-cors", body: "x" }),
        read: await attempt(book, {}),
        script: await new Promise((resolve) => {
          const script = document.createElement("script");
          script.src = `${book}-/live/main.js`;
          script.onload = () => resolve("loaded");
          script.onerror = () => resolve("refused");
          document.body.append(script);
        }),
      };
    }, [wish, server.token, server.without()]);
    assert.equal(tries.withToken, "refused", "the preflight is not granted");
    assert.match(tries.simple, /^(refused|opaque 0 )/, "nothing can be read of it, and nothing was done");
    assert.equal(tries.read, "refused");
    assert.equal(tries.script, "refused");
  }));

  test(`a form and a frame of ${host} on another port`, () => underAttack(async ({ page, server, evil, wish }) => {
    await page.goto(`http://${host}:${evil}/`);
    const framed = await page.evaluate(async (book) => {
      const frame = document.createElement("iframe");
      frame.src = book;
      document.body.append(frame);
      await new Promise((resolve) => { frame.onload = resolve; });
      try {
        return frame.contentDocument?.title ?? "closed";
      } catch {
        return "closed";
      }
    }, server.without());
    assert.notEqual(framed, "A small course");
    assert.ok(!page.frames().some((frame) => frame.url().startsWith(server.without())), "the frame shows an error of the browser's");
    const [answer] = await Promise.all([
      page.waitForResponse(wish),
      page.evaluate((wish) => {
        const form = document.createElement("form");
        form.method = "POST";
        form.action = wish;
        document.body.append(form);
        form.submit();
      }, wish),
    ]);
    assert.equal(answer.status(), 403);
  }));
}
