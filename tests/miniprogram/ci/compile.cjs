// "Build npm" and compile of WeChat's own tools, without a network:
//   node compile.cjs PROJECT OUT [miniProgram|miniProgramPlugin]      with miniprogram-ci in NODE_PATH
// Writes the compiled files to OUT and prints what the npm step warns of. Run it in a directory that may be littered:
// the compiler leaves a cache in the current one.
const fs = require("node:fs");
const path = require("node:path");
const ci = require("miniprogram-ci");

/** What the tools otherwise ask WeChat's server for: the limits of an ordinary account. */
const ATTRIBUTES = {
  platform: false,
  appType: 0,
  isSandbox: false,
  released: true,
  setting: {
    MaxCodeSize: 2,
    MaxSubpackageSubCodeSize: 2,
    MaxSubpackageFullCodeSize: 30,
    NavigateMiniprogramLimit: 10,
    MaxSubPackageLimit: 100,
    MinTabbarCount: 2,
    MaxTabbarCount: 5,
    MaxCustomTabbarCount: 10,
    MaxTabbarIconSize: 40,
  },
};

async function main([projectPath, out, type = "miniProgram"]) {
  // Only an upload needs a true key; that there is a file is checked always.
  const privateKeyPath = path.resolve("no.key");
  fs.writeFileSync(privateKeyPath, "none");
  const ignores = ["node_modules/**/*"];
  const attr = async () => ATTRIBUTES;
  const project = new ci.Project({ type, projectPath: path.resolve(projectPath), privateKeyPath, ignores, attr });
  if (type === "miniProgram") for (const warning of await ci.packNpm(project, {})) console.log("npm:", warning.msg);
  const setting = { es6: true, es7: true, minify: false };
  const result = await ci.getCompiledResult({ project, version: "0.0.0", desc: "", setting, onProgressUpdate() {} });
  for (const [file, content] of Object.entries(result)) {
    const target = path.join(out, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content);
  }
  console.log(`${Object.keys(result).length} files`);
}

main(process.argv.slice(2)).then(
  () => process.exit(0), // its workers would keep the process alive
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
