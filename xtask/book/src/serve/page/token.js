// The token, from the address that `cargo xtask serve` printed: taken out of it at once and kept for this tab. A tab
// that was opened without one asks the others; only pages of this very address hear that.

const KEY = "course/token";
const listeners = new Set();
let token = null;

try {
  token = sessionStorage.getItem(KEY);
} catch {
  // Kept in memory, then.
}

function keep(value) {
  if (token === value) return;
  token = value;
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // See above.
  }
  for (const listener of listeners) listener();
}

const tabs = typeof BroadcastChannel === "function" ? new BroadcastChannel(KEY) : null;
tabs?.addEventListener("message", ({ data }) => {
  if (data?.ask && token) tabs.postMessage({ token });
  // The newest one is that of the running server: an older tab comes alive again.
  if (typeof data?.token === "string" && (data.fresh || !token)) keep(data.token);
});

/** Takes the token out of the address, or fetches it for the ticket that stands there. */
export async function take() {
  const given = /^#(token|ticket)=([0-9a-f]{32})$/.exec(location.hash);
  if (given) history.replaceState(history.state, "", location.pathname + location.search);
  let fresh = given?.[1] === "token" ? given[2] : null;
  if (given?.[1] === "ticket") {
    const answer = await fetch("/-/api/token", { method: "POST", headers: { Authorization: `Bearer ${given[2]}` } })
      .catch(() => null);
    if (answer?.ok) fresh = (await answer.json()).token;
  }
  if (fresh) {
    keep(fresh);
    tabs?.postMessage({ token: fresh, fresh: true });
  } else if (!token) {
    tabs?.postMessage({ ask: true });
    await new Promise((resolve) => {
      listeners.add(resolve);
      setTimeout(resolve, 300);
    });
  }
}

export const current = () => token;

/** The server knows no such token; another tab may. */
export function refused(value) {
  if (token !== value) return;
  token = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // It is gone with the tab.
  }
  tabs?.postMessage({ ask: true });
}

export const onToken = (listener) => listeners.add(listener);
