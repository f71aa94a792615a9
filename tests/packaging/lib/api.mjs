// What the declarations of the package promise, as text that can be compared and reviewed.
import path from "node:path";
import ts from "typescript";

const printer = ts.createPrinter({ removeComments: true });

/** A program over the declarations at `directory`, and the files of its own that it consists of. */
export function declarations(directory, entries) {
  const program = ts.createProgram(
    entries.map((entry) => path.join(directory, `${entry}.d.ts`)),
    {
      strict: true,
      noEmit: true,
      types: [],
      lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    },
  );
  const files = program.getSourceFiles().filter((file) => !program.isSourceFileDefaultLibrary(file));
  return { program, files };
}

/** Visits a node and everything in it. */
export function walk(node, visit) {
  visit(node);
  ts.forEachChild(node, (inner) => walk(inner, visit));
}

/** Where a node is, for a report. */
export function place(node, directory) {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${path.relative(directory, file.fileName)}:${line + 1}`;
}

/** The statement that a declaration belongs to: a variable's is three levels up. */
const statementOf = (node) => {
  let found = node;
  while (!ts.isSourceFile(found.parent)) found = found.parent;
  return found;
};

/**
 * The public surface of an entry: names to texts, first what it exports, then what those declarations mention without
 * its being exported.
 */
export function surface({ program, files }, file) {
  const checker = program.getTypeChecker();
  const target = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const exported = new Map();
  const mentioned = new Map();
  const seen = new Set();
  if (module === undefined) return { exported, mentioned }; // no module: a script that exports nothing

  const take = (symbol, name, into) => {
    const own = (symbol.declarations ?? []).filter((node) => files.includes(node.getSourceFile()));
    if (seen.has(symbol) || own.length === 0) return;
    seen.add(symbol);
    const statements = [...new Set(own.map(statementOf))];
    into.set(
      name,
      statements.map((node) => printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())),
    );
    for (const statement of statements) {
      walk(statement, (node) => {
        if (!ts.isIdentifier(node)) return;
        const symbol = checker.getSymbolAtLocation(node);
        const found = symbol && target(symbol);
        const top = found?.declarations?.some(
          (it) =>
            ts.isSourceFile(it.parent) || (ts.isVariableDeclaration(it) && ts.isSourceFile(it.parent.parent.parent)),
        );
        if (top) take(found, found.name, mentioned);
      });
    }
  };
  const symbols = checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1));
  const wanted = symbols.map((symbol) => [target(symbol), symbol.name]);
  // What is exported is listed there, whichever declaration mentions it first.
  for (const [symbol] of wanted) seen.add(symbol);
  for (const [symbol, name] of wanted) {
    seen.delete(symbol);
    take(symbol, name, exported);
  }
  return { exported, mentioned };
}

/** A surface as text. What `base`, a surface with a `name`, has word for word is only named. */
export function report(title, { exported, mentioned }, base) {
  const lines = [`# ${title}`];
  const section = (heading, names) => {
    const alike = [];
    const own = [];
    for (const [name, texts] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const same = (base?.exported.get(name) ?? base?.mentioned.get(name))?.join("\n") === texts.join("\n");
      if (same) alike.push(name);
      else own.push(...texts);
    }
    if (alike.length + own.length === 0) return;
    lines.push("", `## ${heading}`);
    if (alike.length > 0) lines.push("", `As in ${base.name}:`, ...alike.map((name) => `  ${name}`));
    for (const text of own) lines.push("", text);
  };
  section("Exports", exported);
  section("Mentioned by them", mentioned);
  return `${lines.join("\n")}\n`;
}
