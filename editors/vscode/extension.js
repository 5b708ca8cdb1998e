// Starts `agraph lsp` for the files of the language. Highlighting, snippets and indentation need none of this.

const path = require("path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

// The program of the setting; a relative path with folders in it starts at the workspace.
function program() {
  const command = vscode.workspace.getConfiguration("agraph").get("command") || "agraph";
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const isRelative = !path.isAbsolute(command) && /[\\/]/.test(command);
  return isRelative && folder ? path.join(folder, command) : command;
}

async function start() {
  const command = program();
  client = new LanguageClient(
    "agraph",
    "agraph",
    { command, args: ["lsp"] },
    { documentSelector: [{ language: "agraph" }] },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const open = "Open settings";
    const answer = await vscode.window.showWarningMessage(
      `The agraph language server did not start: \`${command} lsp\` (${error.message}). ` +
        "Install it with `pip install agraph`, or say in the setting agraph.command where it is.",
      open,
    );
    if (answer === open) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "agraph.command");
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.dispose();
}

async function restart() {
  await stop();
  await start();
}

function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("agraph.restart", restart),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration("agraph.command")) await restart();
    }),
  );
  // The editor need not wait for the server.
  start();
}

module.exports = { activate, deactivate: stop };
