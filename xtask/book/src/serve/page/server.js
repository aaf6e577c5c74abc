// Talking to the server: one stream of events for a visible page, and requests with the token.

import { current, onToken, refused } from "./token.js";

const PAUSES = [300, 600, 1200, 2500, 5000];

/** Something the page can show: words of the server, or that it is not there. */
export class Refusal extends Error {}

export async function call(path, { method = "POST", body } = {}) {
  const token = current();
  const answer = await fetch(`/-/api/${path}`, { method, body, headers: { Authorization: `Bearer ${token}` } })
    .catch(() => { throw new Refusal("The server does not answer. Is `cargo xtask serve` still running?"); });
  if (answer.status === 401) {
    refused(token);
    throw new Refusal("The server was started anew. Open the address that it printed.");
  }
  const text = await answer.text();
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // An export is no JSON.
  }
  if (!answer.ok) throw new Refusal(json?.error ?? text);
  return json ?? text;
}

/**
 * Listens until the page is left: `take(event, data)` for every event, `say("ready" | "locked" | "gone")` for how it
 * stands. A hidden page does not listen; a browser grants six connections to one server, however many tabs are open.
 */
export function listen(take, say) {
  let controller = null;
  let failures = 0;
  let timer = null;

  const again = () => {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") return;
    timer = setTimeout(open, PAUSES[Math.min(failures++, PAUSES.length - 1)]);
  };

  async function open() {
    clearTimeout(timer);
    controller?.abort();
    const own = (controller = new AbortController());
    const token = current();
    try {
      const headers = token ? { Authorization: `Bearer ${token}` } : {};
      const answer = await fetch(token ? "/-/api/events" : "/-/events", { headers, signal: own.signal });
      if (answer.status === 401 && token) {
        refused(token);
        open(); // as a page without token, which still hears of new builds
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      say(token ? "ready" : "locked");
      failures = 0;
      await read(answer.body, take);
    } catch {
      // Gone, or aborted by ourselves.
    }
    if (own !== controller || own.signal.aborted) return;
    say("gone");
    again();
  }

  const look = () => {
    if (document.visibilityState === "hidden") {
      clearTimeout(timer);
      controller?.abort();
    } else if (!controller || controller.signal.aborted) {
      open();
    }
  };
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", () => controller?.abort());
  addEventListener("pageshow", look);
  onToken(open);
  look();
}

async function read(body, take) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const name = lines.find((line) => line.startsWith("event: "))?.slice(7);
      const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(6)).join("\n");
      if (name) take(name, data);
    }
  }
}
