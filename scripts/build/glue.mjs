// wasm-bindgen's glue, checked and adapted for mini-programs.
import { BuildError } from "./common.mjs";

// None of these exists where the glue will run, except exported globals: iOS does not hand them out.
const FORBIDDEN = [
  /\bWebAssembly\b/,
  /\bfetch\b/,
  /\bimport\.meta\b/,
  /\bnew URL\b/,
  /\bwasm\.\w+\.value\b/,
  /^import /m,
];

/** What wasm and glue call each other's functions by: names with a hash, three kilobytes of them when packed. */
const HASHED = /\b\w+_h?[0-9a-f]{16}(?:_\d+)?\b/g;

/** Short names for those with a hash, by the glue; the same input gives the same names. */
export function shortNames(source) {
  if (/\bx\d+\b/.test(source)) throw new BuildError("the glue has names of its own like 'x0'");
  const names = [...new Set(source.match(HASHED))].sort();
  return new Map(names.map((name, i) => [name, `x${i}`]));
}

/** A text with short names in it. */
export function withShortNames(source, names) {
  return source.replace(HASHED, (name) => names.get(name) ?? name);
}

/**
 * The glue as a function that makes one for an instance. What belongs to an instance that has trapped, a timer or a
 * promise, never calls another. `WebSocket` is what the glue opens sockets with; `enter(act, ...args)` runs what the
 * platform calls back.
 */
export function glueFactory(source) {
  const names = [...source.matchAll(/^export (?:function|class) (\w+)/gm)].map(([, name]) => name);
  const calledBack = /return f\((a|state\.a), state\.b, \.\.\.args\);/g;
  if (!calledBack.test(source)) throw new BuildError("the glue's closures are of a kind that is not known");
  const body = source
    .replace(/^export (?=function|class)/gm, "")
    .replace(calledBack, "return enter(f, $1, state.b, ...args);");
  const other = /^(?:export|import)\b.*/m.exec(body);
  if (other || names.length === 0) throw new BuildError(`the glue has more than functions and classes: ${other}`);
  return `export function makeGlue(WebSocket, enter) {\n${body}\nreturn { ${names.join(", ")} };\n}\n`;
}

/**
 * The glue of the host flavour. On iOS a buffer may stay attached after the memory has grown, so the
 * cached views are compared with the memory itself. Throws when the glue no longer looks as expected.
 */
export function patchHostGlue(source) {
  for (const pattern of FORBIDDEN) {
    const found = pattern.exec(source);
    if (found) throw new BuildError(`the glue of the host flavour uses '${found[0]}'`);
  }
  let patched = 0;
  const result = source.replace(/if \((cached\w+Memory0) === null \|\| .*\) \{$/gm, (_, view) => {
    patched += 1;
    return `if (${view} === null || ${view}.buffer !== wasm.memory.buffer) {`;
  });
  const views = source.match(/^function get\w+Memory0\(\)/gm)?.length ?? 0;
  if (patched === 0 || patched !== views) {
    throw new BuildError(`wasm-bindgen's glue has changed: ${views} memory views, ${patched} recognised`);
  }
  return result;
}
