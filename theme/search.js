// Search: a dialog over mdBook's own index (`searchindex.js`, fetched when the dialog first opens, also from a disk).
// mdBook's searcher drops every Han character, so its documents are searched here: words by their stems' beginnings,
// Han text by what it contains. Full width and half width are one, and so are 台 and 臺.
(() => {
  "use strict";
  const html = document.documentElement;
  const opener = document.getElementById("search-open");
  if (!opener || !html.dataset.search) return;

  const HAN = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]/;
  const MOST = 30;
  /** Sign by sign, and only where the length stays: a place in the folded text is the same place in the text. */
  const fold = (text) => text.replace(/[^a-z\s]/gu, (sign) => {
    const folded = FOLDED[sign] ?? sign.normalize("NFKC").toLowerCase();
    return folded.length === sign.length ? folded : sign;
  });
  const FOLDED = { "臺": "台", "’": "'" };
  /** Enough of a stemmer for "deployed", "deploys" and "retries": what is left must begin a word. */
  const stem = (word) => {
    const cut = word.replace(/(?:'s|ies|ied|ings?|ed|es|e|s|y)$/, "");
    return cut.length < 3 ? word : cut.replace(/([bdgmnprt])\1$/, "$1");
  };
  /** Words that are everywhere count only where nothing else was asked for. */
  const COMMON = new Set("a an and are as at be by can do does for from how i in is it its my of on or that the this to was what when which why with you your".split(" "));

  let sections = null;
  let dialog = null;

  const load = () => new Promise((resolve, reject) => {
    if (sections) return resolve();
    globalThis.search ??= {};
    const script = document.createElement("script");
    script.src = html.dataset.search;
    script.onload = () => {
      const { index, doc_urls: urls } = globalThis.search;
      sections = Object.entries(index.documentStore.docs).map(([ref, doc]) => ({
        url: urls[Number(ref)],
        title: doc.title,
        where: doc.breadcrumbs.split(" » ").slice(0, -1).join(" › "),
        body: doc.body,
        heads: fold(`${doc.title}`),
        trail: fold(doc.breadcrumbs),
        text: fold(doc.body),
      }));
      resolve();
    };
    script.onerror = () => reject(new Error("the search index could not be read"));
    document.head.append(script);
  });

  /** A query as terms: Han runs as they are, words by their stems. */
  const terms = (query) => fold(query)
    .split(/\s+/)
    .flatMap((part) => part.match(/[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+/g) ?? [])
    .map((part) => (HAN.test(part) ? part : part.replace(/^[^\p{L}\p{N}#$_]+|[^\p{L}\p{N}_]+$/gu, "")))
    .filter(Boolean)
    .map((part) => (HAN.test(part) || /[^\p{L}\p{N}']/u.test(part)
      ? { part, pattern: new RegExp(escape(part), "g") }
      : { part, pattern: new RegExp(`(?<![\\p{L}\\p{N}])${escape(stem(part))}`, "gu") }));
  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const count = (text, pattern) => Math.min((text.match(pattern) ?? []).length, 8);

  const find = (query) => {
    const all = terms(query);
    const rare = all.filter(({ part }) => !COMMON.has(part));
    const wanted = rare.length > 0 ? rare : all;
    if (wanted.length === 0) return [];
    const phrase = fold(query.trim());
    const found = [];
    for (const section of sections) {
      let score = 0;
      for (const { pattern } of wanted) {
        const here = 24 * Math.min(count(section.heads, pattern), 1) + 2 * count(section.text, pattern);
        const above = 3 * Math.min(count(section.trail, pattern), 1);
        if (here + above === 0) { score = 0; break; }
        score += here + above + (here === 0 ? -2 : 0);
      }
      if (score > 0) {
        if (wanted.length > 1 && section.heads.includes(phrase)) score += 30;
        else if (wanted.length > 1 && section.text.includes(phrase)) score += 12;
        if (section.heads === phrase) score += 20;
        found.push({ section, score });
      }
    }
    return found.sort((a, b) => b.score - a.score).slice(0, MOST).map(({ section }) => ({ section, wanted, phrase }));
  };

  /** About 150 characters round the first hit, the hits marked. */
  const teaser = ({ section, wanted, phrase }) => {
    const line = document.createElement("span");
    line.className = "search-teaser";
    const text = section.body;
    const places = wanted.map(({ pattern }) => section.text.search(pattern)).filter((at) => at >= 0);
    const whole = section.text.indexOf(phrase);
    const first = whole >= 0 ? whole : Math.min(...places);
    let start = Number.isFinite(first) ? Math.max(0, first - 50) : 0;
    if (start > 0) start = Math.max(start, text.lastIndexOf(" ", first - 30) + 1);
    const cut = text.slice(start, start + 150);
    const folded = section.text.slice(start, start + 150);
    const hits = [];
    for (const { pattern } of wanted) for (const match of folded.matchAll(pattern)) hits.push([match.index, match.index + match[0].length]);
    hits.sort((a, b) => a[0] - b[0]);
    if (start > 0) line.append("… ");
    let at = 0;
    for (const [from, to] of hits) {
      if (from < at) continue;
      line.append(cut.slice(at, from));
      const mark = document.createElement("mark");
      mark.textContent = cut.slice(from, to);
      line.append(mark);
      at = to;
    }
    line.append(cut.slice(at), start + 150 < text.length ? " …" : "");
    return line;
  };

  const build = () => {
    dialog = document.createElement("dialog");
    dialog.className = "search";
    dialog.setAttribute("aria-label", "Search the book");
    dialog.innerHTML = `<div class="search-field"><input type="search" aria-label="Search the book"
      aria-controls="search-results" placeholder="Search the book" autocomplete="off" spellcheck="false"><button type="button" class="bar-button">Close</button></div>
      <p class="search-count" role="status"></p><ol class="search-results" id="search-results" aria-label="Results"></ol>`;
    document.body.append(dialog);
    const input = dialog.querySelector("input");
    input.addEventListener("input", show);
    dialog.querySelector("button").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    // Arrows walk through the links, from the field and back to it; Enter in the field takes the first.
    dialog.addEventListener("keydown", (event) => {
      const links = [...dialog.querySelectorAll(".search-results a")];
      const at = links.indexOf(document.activeElement);
      if (event.key === "Escape") {
        // In a field that is not empty a browser would only empty it.
        event.preventDefault();
        dialog.close();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const to = at + (event.key === "ArrowDown" ? 1 : -1);
        (links[Math.min(to, links.length - 1)] ?? input).focus();
      } else if (event.key === "Enter" && event.target === input) {
        event.preventDefault();
        links[0]?.click();
      }
    });
    dialog.querySelector("ol").addEventListener("click", (event) => {
      // A result on this very page does not load anew; the dialog would stay.
      if (event.target.closest("a") && !event.ctrlKey && !event.metaKey) dialog.close();
    });
  };

  const show = () => {
    const query = dialog.querySelector("input").value;
    const results = sections ? find(query) : [];
    dialog.querySelector("ol").replaceChildren(...results.map((result) => {
      const item = document.createElement("li");
      const link = item.appendChild(document.createElement("a"));
      link.href = html.dataset.root + result.section.url;
      const title = link.appendChild(document.createElement("span"));
      title.className = "search-title";
      title.textContent = result.section.title;
      const where = link.appendChild(document.createElement("span"));
      where.className = "search-where";
      where.textContent = result.section.where;
      link.append(teaser(result));
      return item;
    }));
    const words = query.trim() === "" ? "" : results.length === 0 ? "Nothing found." : results.length === MOST ? `The best ${MOST} places` : results.length === 1 ? "1 place" : `${results.length} places`;
    dialog.querySelector(".search-count").textContent = words;
  };

  const open = async () => {
    if (!dialog) build();
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("input").select();
    try {
      await load();
      show();
    } catch (error) {
      dialog.querySelector(".search-count").textContent = `Search does not work here: ${error.message}.`;
    }
  };

  opener.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      open();
    }
  });
  // For tests, and for whoever wants results without the dialog.
  globalThis.courseSearch = async (query) => {
    await load();
    return find(query).map(({ section }) => ({ url: section.url, title: section.title }));
  };
})();
