// Where things are.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** A path below the root of the repository. */
export const at = (...parts) => path.join(repository, ...parts);

/** The path of something that was built; throws with the command that makes it when it is missing. */
export function built(...parts) {
  const file = at("dist", ...parts);
  if (!fs.existsSync(file)) throw new Error(`${path.join("dist", ...parts)} is missing; run \`make build\` first`);
  return file;
}

/** The first that exists of: what the environment variable says, and the usual places. */
export function installed(variable, places) {
  const found = [process.env[variable], ...places].find((place) => place && fs.existsSync(place));
  if (found) return found;
  throw new Error(
    `none of ${places.join(", ")} exists; \`scripts/setup test\` installs them, ${variable} names another`,
  );
}
