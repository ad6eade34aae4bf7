// The TextMate grammar of the VS Code folder, held against programs and their tokens.
//
// node textmate.js GRAMMAR MODULES TOKENS
//
// GRAMMAR is the file, MODULES the folder with vscode-textmate and vscode-oniguruma, TOKENS a JSON
// list of programs with their text and their tokens (`tests/editors.rs` writes it; places are bytes).

const fs = require("fs");
const path = require("path");

const [grammarFile, modules, programs] = process.argv.slice(2);
const oniguruma = require(path.resolve(modules, "vscode-oniguruma"));
const textmate = require(path.resolve(modules, "vscode-textmate"));

// What the innermost scope of a token of a class may begin with.
const SCOPES = {
  Keyword: ["keyword.control", "keyword.operator.logical", "storage.type.keyword"],
  Function: ["entity.name.function", "support.function"],
  Number: ["constant.numeric"],
  Comment: ["comment.line"],
  Text: ["string.quoted"],
  Module: ["entity.name.namespace"],
  Domain: ["support.type.domain"],
  Setting: ["support.type.property-name", "entity.name.section"],
  Operator: ["keyword.operator", "punctuation"],
  Bracket: ["punctuation.section"],
};

async function main() {
  const wasm = require.resolve(path.resolve(modules, "vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(fs.readFileSync(wasm).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () =>
      textmate.parseRawGrammar(fs.readFileSync(grammarFile, "utf8"), grammarFile),
  });
  const grammar = await registry.loadGrammar("source.effpot");
  const problems = [];
  const seen = {};
  for (const { name, text, tokens } of JSON.parse(fs.readFileSync(programs, "utf8"))) {
    // The scopes of each character.
    const scopes = [];
    let state = textmate.INITIAL;
    for (const line of text.split("\n")) {
      const found = grammar.tokenizeLine(line, state);
      state = found.ruleStack;
      for (const token of found.tokens) {
        const end = Math.min(token.endIndex, line.length);
        for (let at = token.startIndex; at < end; at++) scopes.push(token.scopes);
      }
      scopes.push([]);
    }
    const bytes = Buffer.from(text, "utf8");
    const unit = (byte) => bytes.subarray(0, byte).toString("utf8").length;
    for (const [start, end, kind] of tokens) {
      const wanted = SCOPES[kind];
      if (!wanted) continue;
      seen[kind] = (seen[kind] || 0) + 1;
      for (let at = unit(start); at < unit(end); at++) {
        const inner = scopes[at][scopes[at].length - 1] || "";
        if (!wanted.some((scope) => inner.startsWith(scope))) {
          const word = bytes.subarray(start, end).toString("utf8");
          problems.push(`${name}: ${JSON.stringify(word)} at ${start} is ${kind}, not ${inner}`);
          break;
        }
      }
    }
  }
  for (const kind of Object.keys(SCOPES)) {
    if ((seen[kind] || 0) < 5) problems.push(`only ${seen[kind] || 0} tokens of class ${kind}`);
  }
  problems.slice(0, 20).forEach((problem) => console.log(problem));
  const all = Object.values(seen).reduce((sum, count) => sum + count, 0);
  console.log(`${problems.length} problems, ${all} tokens`);
  process.exit(problems.length > 0 ? 1 : 0);
}

main();
