import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { say } from './soak/report.js';
import { soak } from './soak/run-soak.js';

// npm run soak -- --minutes 120 [--seed 7]
// Works on files, calls and the process of the built service in random ways for that time, then holds tables, history
// and process against what it knows. Exit code 1 when anything is not as it must be.
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? randomInt(1, 2 ** 31));
if (!(minutes >= 1) || !Number.isSafeInteger(seed)) {
  say(`expected --minutes from 1 and a whole number as --seed, got ${values.minutes} and ${values.seed}`);
  process.exit(2);
}
process.exit((await soak({ minutes, seed })) ? 0 : 1);
