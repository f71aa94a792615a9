// Reads JavaScript the way a strict old engine would: which syntax is too new, which globals are used.
import fs from "node:fs";
import vm from "node:vm";
import ts from "typescript";

const FILE = "/checked.js";

function programOf(code) {
  const file = ts.createSourceFile(FILE, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const options = {
    allowJs: true,
    checkJs: true,
    noLib: true,
    noResolve: true,
    target: ts.ScriptTarget.Latest,
    types: [],
  };
  const host = {
    getSourceFile: (name) => (name === FILE ? file : undefined),
    getDefaultLibFileName: () => "lib.d.ts",
    writeFile: () => {},
    getCurrentDirectory: () => "/",
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    fileExists: (name) => name === FILE,
    readFile: () => undefined,
  };
  return { file, program: ts.createProgram([FILE], options, host) };
}

const NEWER_TOKENS = new Map([
  [ts.SyntaxKind.QuestionQuestionToken, "??"],
  [ts.SyntaxKind.QuestionQuestionEqualsToken, "??="],
  [ts.SyntaxKind.BarBarEqualsToken, "||="],
  [ts.SyntaxKind.AmpersandAmpersandEqualsToken, "&&="],
]);
const NEWER_NODES = new Map([
  [ts.SyntaxKind.BigIntLiteral, "BigInt literal"],
  [ts.SyntaxKind.PropertyDeclaration, "class field"],
  [ts.SyntaxKind.PrivateIdentifier, "private name"],
  [ts.SyntaxKind.ClassStaticBlockDeclaration, "static block"],
  [ts.SyntaxKind.MetaProperty, "import.meta or new.target"],
  [ts.SyntaxKind.ImportDeclaration, "import"],
  [ts.SyntaxKind.ExportDeclaration, "export"],
  [ts.SyntaxKind.ExportAssignment, "export default"],
  [ts.SyntaxKind.Decorator, "decorator"],
]);

/** What a node is when it is newer than ES2018 (or no plain script), else null. */
function newer(node, file) {
  if (NEWER_NODES.has(node.kind)) return NEWER_NODES.get(node.kind);
  if (NEWER_TOKENS.has(node.kind)) return NEWER_TOKENS.get(node.kind);
  if (node.kind === ts.SyntaxKind.QuestionDotToken) return "?.";
  if (ts.isCatchClause(node) && !node.variableDeclaration) return "catch without a name";
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return "import()";
  if (ts.isNumericLiteral(node) && node.getText(file).includes("_")) return "numeric separator";
  if (node.kind === ts.SyntaxKind.RegularExpressionLiteral && /\/[a-z]*[dv][a-z]*$/.test(node.getText(file)))
    return "regexp flag";
  if (node.kind === ts.SyntaxKind.ExportKeyword) return "export";
  if (ts.isAwaitExpression(node) && !ts.findAncestor(node, ts.isFunctionLike)) return "await at the top level";
  return null;
}

function visitAll(node, visit) {
  visit(node);
  ts.forEachChild(node, (child) => visitAll(child, visit));
}

const place = (file, node) => `line ${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;

/** Lists what in `code` is newer than ES2018 or does not parse; empty when an engine of 2018 takes it. */
export function newerThanEs2018(code) {
  const { file, program } = programOf(code);
  const found = program.getSyntacticDiagnostics(file).map((d) => ts.flattenDiagnosticMessageText(d.messageText, " "));
  visitAll(file, (node) => {
    const what = newer(node, file);
    if (what !== null) found.push(`${what} (${place(file, node)})`);
  });
  return found;
}

/**
 * The globals that `code` uses: name -> `{ used, probed }`, where `probed` counts `typeof name`, which is
 * harmless where the name does not exist, and `used` all other uses.
 */
export function globalsOf(code) {
  const { file, program } = programOf(code);
  const checker = program.getTypeChecker();
  const found = new Map();
  const isName = (node) => {
    const parent = node.parent;
    if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
    if (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isAccessor(parent))
      return parent.name !== node;
    if (ts.isBindingElement(parent)) return parent.propertyName !== node;
    return !(ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent) || ts.isJSDoc(parent));
  };
  visitAll(file, (node) => {
    if (!ts.isIdentifier(node) || !isName(node)) return;
    const symbol = ts.isShorthandPropertyAssignment(node.parent)
      ? checker.getShorthandAssignmentValueSymbol(node.parent)
      : checker.getSymbolAtLocation(node);
    if (symbol?.declarations?.length) return;
    const entry = found.get(node.text) ?? { used: 0, probed: 0 };
    if (ts.isTypeOfExpression(node.parent)) entry.probed++;
    else entry.used++;
    found.set(node.text, entry);
  });
  return found;
}

/**
 * What a script of a mini-program exports: CommonJS, unlike those of this repository. `modules` are those
 * that it asks for, by name.
 */
export function loadModule(file, { modules = {}, wx } = {}) {
  const module = { exports: {} };
  const require = (name) => {
    if (!(name in modules)) throw new Error(`${file} needs ${name}`);
    return modules[name];
  };
  const body = vm.runInThisContext(`(function (module, require, wx) {${fs.readFileSync(file, "utf8")}\n})`, {
    filename: file,
  });
  body(module, require, wx);
  return module.exports;
}
