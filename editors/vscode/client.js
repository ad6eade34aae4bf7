// The client: it starts `effpot-lang lsp` and shows the modules of the library, which are no files.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** The scheme of the modules of the library. */
const LIBRARY = "effpot-std";

let client;

function start() {
  const command = vscode.workspace.getConfiguration("effpot").get("path") || "effpot-lang";
  const watcher = vscode.workspace.createFileSystemWatcher("**/*.{pot,csv}");
  client = new LanguageClient(
    "effpot",
    "effpot-lang",
    { command, args: ["lsp"] },
    {
      documentSelector: [
        { scheme: "file", language: "effpot" },
        { scheme: "untitled", language: "effpot" },
        { scheme: LIBRARY, language: "effpot" },
      ],
      initializationOptions: { virtualFiles: true },
      synchronize: { fileEvents: watcher },
    },
  );
  return client.start().catch(() => {
    vscode.window.showErrorMessage(
      `${command} cannot be started: install effpot-lang, or set "effpot.path" to where it is.`,
    );
  });
}

async function activate(context) {
  const library = {
    provideTextDocumentContent: (uri) =>
      client.sendRequest("effpot/text", { uri: uri.toString() }),
  };
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(LIBRARY, library),
    vscode.commands.registerCommand("effpot.restart", async () => {
      await deactivate();
      await start();
    }),
  );
  await start();
}

function deactivate() {
  return client && client.isRunning() ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
