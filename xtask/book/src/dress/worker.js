// The book without a network, after one visit. Written by the book's builder with the list of its files.
"use strict";
const NAME = "book-__VERSION__";
const FILES = [/* files */];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("book-") && name !== NAME).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  );
});

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const scope = new URL(registration.scope);
  if (event.request.method !== "GET" || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return;
  const inBook = url.pathname.slice(scope.pathname.length);
  if (inBook.startsWith("api/") || inBook.startsWith("-/")) return;
  const page = inBook === "" || inBook.endsWith("/") ? `${inBook}index.html` : inBook;
  const kept = () => caches.open(NAME).then((cache) => cache.match(new URL(page, scope).href));
  // A page is fetched anew where there is a network; what has its hash in its name never changes.
  const isPage = event.request.mode === "navigate" || page.endsWith(".html");
  event.respondWith(
    isPage
      ? fetch(event.request).catch(async () => (await kept()) ?? Response.error())
      : kept().then((response) => response ?? fetch(event.request)),
  );
});
