// Reads a JSON list of texts, each a list of lines, from standard input, and writes for each line its tokens as
// `[start, end, scopes]`, tokenized as VS Code does it. Columns count code points.

const fs = require("fs");
const path = require("path");
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const GRAMMAR = path.join(__dirname, "..", "syntaxes", "agraph.tmLanguage.json");

function codePoints(line, units) {
  return Array.from(line.slice(0, units)).length;
}

async function main() {
  const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(wasm);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(GRAMMAR, "utf-8"), GRAMMAR),
  });
  const grammar = await registry.loadGrammar("source.agraph");
  const texts = JSON.parse(fs.readFileSync(0, "utf-8"));
  const found = texts.map((lines) => {
    let stack = textmate.INITIAL;
    return lines.map((line) => {
      const bare = line.replace(/\r$/, "");
      const result = grammar.tokenizeLine(bare, stack);
      stack = result.ruleStack;
      return result.tokens.map((token) => [
        codePoints(bare, token.startIndex),
        codePoints(bare, token.endIndex),
        token.scopes,
      ]);
    });
  });
  process.stdout.write(JSON.stringify(found));
}

main();
