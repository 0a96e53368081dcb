import { writeFile } from 'node:fs/promises';
import { CASES, chooseCases } from './cases.js';
import { parseOptions } from './options.js';
import { toMarkdown } from './report.js';
import { runBench } from './run-bench.js';

// npm run bench -- --cases first-load,unchanged --times 5
// See README.md beside this file.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const args = process.argv.slice(2);
const options = parseOptions(args);
if (options.list) {
  for (const { name, about, onDemand } of CASES)
    console.log(`${name}: ${about}${onDemand ? ' (on demand)' : ''}`);
} else {
  const command = ['npm run bench', ...(args.length ? ['--', ...args] : [])].join(' ');
  const log = (line: string) => console.error(line);
  const report = await runBench({ options, cases: chooseCases(options.cases), command, log });
  await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  console.log(toMarkdown(report));
}
