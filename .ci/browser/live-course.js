// A course to check in: a copy of xtask's miniature course, made into a small book, with a target directory of its own
// that all tests share, so that only the first one compiles what they have in common.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import { root, serveBook, xtaskBin } from "./harness.js";

const CHAPTER = "ch01-fates";
/** Fails one test until `number.abs()` is gone. */
export const FAILS = `${CHAPTER}/02-fails-one-test`;
export const PASSES = `${CHAPTER}/01-passes`;
export const BROKEN = `${CHAPTER}/03-does-not-compile`;
/** Never ends by itself. */
export const HANGS = `${CHAPTER}/05-hangs`;

const folders = [];
after(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true, force: true })));

/** A copy that a test may spoil: `{ root, main(name), solve(name), page(name) }`. */
export function copyCourse() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "live course "));
  folders.push(folder);
  const from = path.join(root, "xtask/tests/mini-course");
  fs.cpSync(from, folder, { recursive: true, filter: (file) => !/[/\\](target|\.progress)$/.test(file) });
  for (const room of ["exercises", "solutions", "src/en"]) {
    const others = fs.readdirSync(path.join(folder, room)).filter((name) => name.startsWith("ch") && name !== CHAPTER);
    for (const other of others) fs.rmSync(path.join(folder, room, other), { recursive: true });
  }
  const hangs = path.join(folder, "exercises", HANGS, "Cargo.toml");
  fs.writeFileSync(hangs, fs.readFileSync(hangs, "utf8").replace(/time-limit-seconds = \d+/, "time-limit-seconds = 600"));
  fs.cpSync(path.join(root, "theme"), path.join(folder, "theme"), { recursive: true });
  fs.cpSync(path.join(root, "book.toml"), path.join(folder, "book.toml"));
  const pages = fs.readdirSync(path.join(folder, "src/en", CHAPTER)).filter((file) => /^\d\d-/.test(file)).sort();
  const write = (file, text) => fs.writeFileSync(path.join(folder, "src/en", file), text);
  write("README.md", "# A small course {#small}\n\nWords.\n");
  write(`${CHAPTER}/README.md`, "# 1. Fates {#fates}\n\nWords.\n");
  write("SUMMARY.md", `# Summary\n\n[A small course](README.md)\n\n- [1. Fates](${CHAPTER}/README.md)\n${pages.map((page) => `  - [${page.slice(0, -3)}](${CHAPTER}/${page})\n`).join("")}`);
  const main = (name) => path.join(folder, "exercises", name, "src/main.rs");
  return {
    root: folder,
    main,
    read: (name) => fs.readFileSync(main(name), "utf8"),
    write: (name, text) => fs.writeFileSync(main(name), text),
    solve: (name) => fs.copyFileSync(path.join(folder, "solutions", name, "src/main.rs"), main(name)),
    page: (name) => `${name}.html`,
  };
}

/** Its server, as `cargo xtask serve` starts it. `url` has the token; `open(page)` is where a page lies. */
export async function serveCourse(course, { args = [], env = {}, xtask = xtaskBin, port = null } = {}) {
  const server = await serveBook({
    root: course.root,
    args: ["--xtask", xtask, ...(port ? ["--port", String(port)] : []), ...args],
    env: { CARGO_TARGET_DIR: path.join(os.tmpdir(), "live-course-target"), CARGO_NET_OFFLINE: "true", VISUAL: "", EDITOR: "", TERM_PROGRAM: "", ...env },
  });
  const address = new URL(server.url);
  return {
    ...server,
    port: Number(address.port),
    token: /token=([0-9a-f]+)/.exec(address.hash)?.[1],
    at: (page = "") => `${address.origin}/${page}${address.hash}`,
    without: (page = "") => `${address.origin}/${page}`,
  };
}
