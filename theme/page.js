// Every page: theme and contents, names and copies of code, boxes that scroll, the outline, and the states of exercises.
(() => {
  "use strict";
  const html = document.documentElement;
  const main = document.getElementById("text");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, className, text = "") => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.textContent = text;
    return element;
  };
  const keep = (key, value) => {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // A private window forgets; the page works all the same.
    }
  };

  // The theme
  const theme = document.getElementById("theme");
  if (theme) {
    theme.value = html.dataset.theme ?? "system";
    theme.addEventListener("change", () => {
      if (theme.value === "system") delete html.dataset.theme;
      else html.dataset.theme = theme.value;
      keep("course/theme", theme.value === "system" ? null : theme.value);
    });
  }

  // The contents: a column where there is room for one, else a drawer
  const toggle = document.getElementById("contents-toggle");
  const contents = document.getElementById("contents");
  const wide = matchMedia("(min-width: 62rem)");
  const say = () => {
    const open = wide.matches ? html.dataset.contents !== "closed" : html.dataset.drawer === "open";
    toggle?.setAttribute("aria-expanded", String(open));
  };
  const shut = (focus) => {
    delete html.dataset.drawer;
    say();
    if (focus) toggle.focus();
  };
  toggle?.addEventListener("click", () => {
    if (wide.matches) {
      html.dataset.contents = html.dataset.contents === "closed" ? "open" : "closed";
      keep("course/contents", html.dataset.contents === "closed" ? "closed" : null);
    } else if (html.dataset.drawer === "open") {
      delete html.dataset.drawer;
    } else {
      html.dataset.drawer = "open";
      (contents.querySelector("[aria-current]") ?? contents.querySelector("a"))?.focus();
    }
    say();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && html.dataset.drawer === "open") shut(true);
  });
  document.addEventListener("click", (event) => {
    if (html.dataset.drawer === "open" && !event.target.closest("#contents, #contents-toggle")) shut(false);
  });
  wide.addEventListener("change", () => shut(false));
  say();
  requestAnimationFrame(() => {
    const here = contents?.querySelector("[aria-current]");
    if (here && wide.matches) contents.scrollTop = here.offsetTop - contents.clientHeight / 3;
  });

  // Code: colours, `file=` and `hl=` of the fence, the mark of a recorded run, a button that copies
  for (const code of all("pre > code", main ?? document)) {
    const classes = [...code.classList];
    const option = (name) => classes.find((c) => c.startsWith(`${name}=`))?.slice(name.length + 1);
    const language = classes.find((c) => c.startsWith("language-"))?.slice(9);
    const text = code.textContent;
    if (globalThis.hljs?.getLanguage(language) && code.childElementCount === 0) {
      code.innerHTML = globalThis.hljs.highlight(text, { language, ignoreIllegals: true }).value;
    }
    if (option("hl")) markLines(code, option("hl"));
    const pre = code.parentElement;
    const file = option("file");
    const isRun = classes.includes("run");
    const button = language ? copyButton(text) : null;
    if (file || isRun) {
      const head = make("div", "code-head");
      head.append(make("span", isRun ? "code-name code-run" : "code-name", file ?? "printed by a recorded run"));
      if (button) head.append(button);
      pre.classList.add("named");
      code.classList.add("named");
      pre.prepend(head);
    } else if (button) {
      pre.classList.add("copyable");
      pre.append(button);
    }
  }

  function copyButton(text) {
    const button = make("button", "copy-button", "Copy");
    button.type = "button";
    button.addEventListener("click", async () => {
      // A prompt is not part of the command.
      const plain = text.replace(/^\$ /gm, "");
      try {
        await navigator.clipboard.writeText(plain);
      } catch {
        const area = document.body.appendChild(make("textarea", "visually-hidden"));
        area.value = plain;
        area.select();
        document.execCommand("copy");
        area.remove();
        button.focus();
      }
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
    return button;
  }

  /** Puts the lines `3-5+8` into marks, without breaking a span of colour that goes over several lines. */
  function markLines(code, ranges) {
    const wanted = new Set();
    for (const range of ranges.split("+")) {
      const [from, to = from] = range.split("-").map(Number);
      for (let line = from; line <= to; line++) wanted.add(line);
    }
    const lines = [document.createDocumentFragment()];
    const spread = (node, wrap) => {
      if (node.nodeType === Node.TEXT_NODE) {
        node.data.split("\n").forEach((part, index) => {
          if (index > 0) lines.push(document.createDocumentFragment());
          if (part) lines.at(-1).append(wrap(document.createTextNode(part)));
        });
      } else {
        for (const child of [...node.childNodes]) {
          spread(child, (inner) => {
            const shell = node.cloneNode(false);
            shell.append(inner);
            return wrap(shell);
          });
        }
      }
    };
    for (const node of [...code.childNodes]) spread(node, (inner) => inner);
    code.replaceChildren();
    lines.forEach((line, index) => {
      if (wanted.has(index + 1)) {
        const mark = make("span", "code-line-marked");
        mark.append(line);
        code.append(mark);
      } else {
        code.append(line);
      }
      if (index < lines.length - 1) code.append("\n");
    });
  }

  // What scrolls sideways can be reached by keyboard.
  const boxes = all("main pre > code, main .table-wrapper, main figure");
  const reach = () => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
        if (!box.hasAttribute("role")) box.setAttribute("role", "group");
        const name = { CODE: "code", FIGURE: "picture" }[box.tagName] ?? "table";
        if (!box.hasAttribute("aria-label")) box.setAttribute("aria-label", `${name}, can be scrolled`);
      } else if (box.tabIndex === 0) {
        box.removeAttribute("tabindex");
      }
    }
  };
  reach();
  addEventListener("resize", reach);

  // The outline of a long page, beside it
  const headings = all("main > h2[id], main > h3[id]");
  if (headings.length > 3 && !document.querySelector(".ticket, main.front, html[data-print]")) {
    const outline = make("nav", "outline");
    outline.setAttribute("aria-label", "On this page");
    outline.append(make("p", "outline-title", "On this page"));
    const list = outline.appendChild(make("ol"));
    let last = null;
    for (const heading of headings) {
      const item = make("li");
      const link = item.appendChild(make("a", "", heading.textContent));
      link.href = `#${heading.id}`;
      if (heading.tagName === "H3" && last) {
        (last.querySelector("ol") ?? last.appendChild(make("ol"))).append(item);
      } else {
        list.append(item);
        last = item;
      }
    }
    main.querySelector("h1")?.after(outline);
    const links = new Map(all("a", outline).map((link) => [link.hash.slice(1), link]));
    const follow = () => {
      const passed = headings.filter((heading) => heading.getBoundingClientRect().top < 140);
      const now = links.get((passed.at(-1) ?? headings[0]).id);
      for (const link of links.values()) {
        if (link === now) link.setAttribute("aria-current", "location");
        else link.removeAttribute("aria-current");
      }
    };
    addEventListener("scroll", follow, { passive: true });
    follow();
  }

  // A link to a place inside a fold opens it.
  const unfold = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    for (let fold = target?.closest?.("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (target) target.scrollIntoView();
  };
  const moved = document.getElementById("moved-fragments");
  const newPlace = moved && JSON.parse(moved.textContent)[location.hash];
  if (newPlace) location.replace(new URL(newPlace, location.href));
  else if (location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details")) unfold();
  addEventListener("hashchange", unfold);

  // States. Whoever learns one calls `course.setState("ch03-first-function/01-greeter", "passed")`; every place that
  // shows it follows, in this tab and the others. Words: passed, failed, does-not-compile, not-started, stale, running.
  const STORE = "course/progress/v1";
  const words = (state) => state.replaceAll("-", " ");
  let states = {};
  const read = () => {
    try {
      states = JSON.parse(localStorage.getItem(STORE) ?? "{}") ?? {};
    } catch {
      states = {};
    }
  };
  const show = () => {
    for (const place of all(".state[data-exercise]")) {
      const state = states[place.dataset.exercise] ?? "not-started";
      place.dataset.state = state;
      place.title = words(state);
      const word = place.querySelector(".state-word");
      if (word) word.textContent = words(state);
    }
    for (const place of all("[data-chapter] .chapter-count")) {
      const ids = all(".state[data-exercise]", place.closest("[data-chapter]"));
      const passed = ids.filter((id) => id.dataset.state === "passed").length;
      place.textContent = passed > 0 ? `${passed} of ${ids.length} passed` : place.dataset.plain ?? place.textContent;
    }
    document.dispatchEvent(new CustomEvent("course:states", { detail: { ...states } }));
  };
  globalThis.course = {
    get states() { return { ...states }; },
    setState(id, state) { this.setStates({ [id]: state }); },
    setStates(changes) {
      states = { ...states, ...changes };
      keep(STORE, JSON.stringify(states));
      show();
    },
  };
  addEventListener("storage", (event) => {
    if (event.key === STORE) {
      read();
      show();
    }
  });
  read();
  show();

  // `mdbook serve` reloads its pages.
  if (html.dataset.liveReload) {
    const socket = new WebSocket(`ws://${location.host}/${html.dataset.liveReload}`);
    socket.onmessage = (event) => { if (event.data === "reload") location.reload(); };
  }

  // Offline after one visit, where the book has a list of its files and no server of ours stands behind it.
  if (html.dataset.offline && "serviceWorker" in navigator && location.protocol.startsWith("http")
      && !document.querySelector('script[src^="/-/"]')) {
    addEventListener("load", () => navigator.serviceWorker.register(html.dataset.root + html.dataset.offline).catch(() => {}));
  }
})();
