// The extension without VS Code: what it starts, and what the language configuration does with lines.

const assert = require("node:assert");
const Module = require("node:module");
const path = require("node:path");
const test = require("node:test");

const configuration = require("../language-configuration.json");

// Loads the extension in an editor that is made of what is given.
function load({ command, folder, fails }) {
  const seen = { started: [], disposed: 0, warnings: [], commands: {}, changed: undefined };
  class LanguageClient {
    constructor(id, name, server, client) {
      Object.assign(this, { server, client });
    }
    async start() {
      if (fails) throw new Error("spawn ENOENT");
      seen.started.push([this.server.command, ...this.server.args]);
    }
    async dispose() {
      seen.disposed++;
    }
  }
  const vscode = {
    workspace: {
      workspaceFolders: folder && [{ uri: { fsPath: folder } }],
      getConfiguration: () => ({ get: () => command }),
      onDidChangeConfiguration: (changed) => (seen.changed = changed),
    },
    window: { showWarningMessage: async (message) => seen.warnings.push(message) && undefined },
    commands: { registerCommand: (name, run) => (seen.commands[name] = run) },
  };
  const original = Module._load;
  Module._load = (name, ...rest) =>
    name === "vscode" ? vscode : name === "vscode-languageclient/node" ? { LanguageClient } : original(name, ...rest);
  try {
    delete require.cache[require.resolve("../extension.js")];
    return [require("../extension.js"), seen];
  } finally {
    Module._load = original;
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the server is the program of the setting", async () => {
  for (const [command, folder, expected] of [
    ["agraph", "/project", "agraph"],
    [".venv/bin/agraph", "/project", path.join("/project", ".venv/bin/agraph")],
    ["/usr/bin/agraph", "/project", "/usr/bin/agraph"],
    [".venv/bin/agraph", undefined, ".venv/bin/agraph"],
    ["", undefined, "agraph"],
  ]) {
    const [extension, seen] = load({ command, folder });
    extension.activate({ subscriptions: [] });
    await settled();
    assert.deepStrictEqual(seen.started, [[expected, "lsp"]]);
    await extension.deactivate();
    assert.strictEqual(seen.disposed, 1);
  }
});

test("the server starts anew when it is told to, and when the setting changes", async () => {
  const [extension, seen] = load({ command: "agraph" });
  extension.activate({ subscriptions: [] });
  await settled();
  await seen.commands["agraph.restart"]();
  await seen.changed({ affectsConfiguration: (name) => name === "agraph.command" });
  await seen.changed({ affectsConfiguration: () => false });
  assert.strictEqual(seen.started.length, 3);
  assert.strictEqual(seen.disposed, 2);
});

test("a server that does not start is told of", async () => {
  const [extension, seen] = load({ command: "nowhere", fails: true });
  extension.activate({ subscriptions: [] });
  await settled();
  assert.match(seen.warnings[0], /`nowhere lsp` \(spawn ENOENT\).*agraph\.command/);
  await extension.deactivate();
  assert.strictEqual(seen.disposed, 0);
});

test("a line that opens something indents the next one", () => {
  const increases = new RegExp(configuration.indentationRules.increaseIndentPattern);
  for (const line of ["graph g(", '  node a "A {" {', "edge a -> b ~ [  # comment", "type X {", '  node a "\\" {" = f(']) {
    assert.match(line, increases);
  }
  for (const line of ["# a {", '  prompt = "{', '  prompt ~ "{{ x }}" # {', "node a = b", "}", '  node a { prompt = "x" }']) {
    assert.doesNotMatch(line, increases);
  }
});

// What Enter does between two texts: the action of the first rule that fits, as VS Code chooses it.
function onEnter(before, after) {
  const rule = configuration.onEnterRules.find(
    (each) => new RegExp(each.beforeText).test(before) && (!each.afterText || new RegExp(each.afterText).test(after)),
  );
  return rule?.action.indent;
}

test("enter indents a prompt, and comes back after it", () => {
  assert.strictEqual(onEnter('    prompt ~ """', ""), "indent");
  assert.strictEqual(onEnter('    prompt ~ """', '"""'), "indentOutdent");
  assert.strictEqual(onEnter('  node a """"', ""), "indent");
  assert.strictEqual(onEnter('      """', ""), "outdent");
  assert.strictEqual(onEnter("      {{ question }}", ""), undefined);
  assert.strictEqual(onEnter("  # half of a ", "comment"), "none");
});
