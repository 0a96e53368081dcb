import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// npm run test:faults            all scripts beside this one, one after the other, and a summary
// npm run test:faults -- disk    those with this word in their names
const words = process.argv.slice(2);
const loader = pathToFileURL(join(import.meta.dirname, '..', 'load-typescript.ts')).href;
const scripts = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.fault.ts'));
const counts = { ok: 0, FAILED: 0, SKIPPED: 0 };

async function run(script: string): Promise<void> {
  console.log(`# ${script}`);
  const child = spawn(process.execPath, ['--import', loader, join(import.meta.dirname, script)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    process.stdout.write(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const verdicts = [...output.matchAll(/^(ok|FAILED|SKIPPED) /gm)].map(([, verdict]) => verdict!);
  for (const verdict of verdicts) counts[verdict as keyof typeof counts]++;
  const isTold = verdicts.length > 0 && (code === 0 || verdicts.includes('FAILED'));
  if (isTold) return;
  counts.FAILED++;
  console.log(`FAILED  ${script}: expected a verdict on each case, got exit code ${code}`);
}

for (const script of scripts.sort()) {
  if (words.length === 0 || words.some((word) => script.includes(word))) await run(script);
}
console.log(`${counts.ok} ok, ${counts.FAILED} failed, ${counts.SKIPPED} skipped`);
process.exitCode = counts.FAILED > 0 || counts.ok + counts.SKIPPED === 0 ? 1 : 0;
