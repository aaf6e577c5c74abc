// The widgets' formulas, without a browser: each gives what Rust code wrote into exercises/fixtures/vectors.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = path.join(root, "theme/widgets");
const names = fs.readdirSync(folder).filter((file) => file.endsWith(".js") && !["widget.js", "data.js"].includes(file));

const context = vm.createContext({});
for (const file of ["widget.js", "data.js", ...names]) {
  vm.runInContext(fs.readFileSync(path.join(folder, file), "utf8"), context, { filename: file });
}
const formulas = vm.runInContext("Widgets.formulas", context);

test("every file of theme/widgets defines the widget of its name", () => {
  assert.deepEqual(Object.keys(formulas).sort(), names.map((file) => file.replace(".js", "")).sort());
});

for (const name of names.map((file) => file.replace(".js", ""))) {
  test(`${name} computes what the graded code does`, () => {
    const file = path.join(root, `exercises/fixtures/vectors/${name}.json`);
    assert.ok(fs.existsSync(file), `a widget without vectors: ${file}`);
    const { cases } = JSON.parse(fs.readFileSync(file, "utf8"));
    assert.ok(cases.length >= 8, `${name} has ${cases.length} vectors`);
    for (const { input, output } of cases) {
      // Through JSON, since the formula's objects belong to another context.
      assert.deepEqual(JSON.parse(JSON.stringify(formulas[name](input))), output, JSON.stringify(input));
    }
  });
}

test("every vector file belongs to a widget", () => {
  const files = fs.readdirSync(path.join(root, "exercises/fixtures/vectors"));
  assert.deepEqual(files.filter((file) => !formulas[file.replace(".json", "")]), []);
});
