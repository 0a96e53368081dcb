import { open, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FileAction } from './action.js';
import { holdFile, makeFile, makeLines } from './make-file.js';
import type { Random } from './random.js';
import { leastBytes, render, type SoakFile } from './soak-file.js';
import type { World } from './world.js';

/** Beside its place first, then renamed: it is there at once and whole. */
export async function writeWhole(world: World, file: SoakFile): Promise<void> {
  const text = render(file);
  const path = world.path(file);
  world.model.expect(file, text);
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

/** Writes from byte `from` on in a few pieces, cut anywhere; now and then the writer stalls for longer than a look. */
async function writeInPieces(
  world: World,
  file: SoakFile,
  { random, from, least }: { random: Random; from: number; least: number },
): Promise<void> {
  const text = render(file);
  const cuts = Array.from({ length: random.between(0, 5) }, () => random.between(least, text.length));
  const handle = await open(world.path(file), from === 0 ? 'w' : 'r+');
  try {
    let at = from;
    for (const end of [least, ...cuts.sort((a, b) => a - b), text.length]) {
      world.model.expect(file, text, end);
      const { bytesWritten } = await handle.write(text.slice(at, end), at);
      if (bytesWritten !== end - at)
        throw new Error(`expected to write ${end - at} bytes, got ${bytesWritten}`);
      at = end;
      await delay(random.chance(0.15) ? 2_500 : random.between(10, 700));
    }
  } finally {
    await handle.close();
  }
}

async function create(world: World, file: SoakFile, random: Random): Promise<void> {
  world.count('rows written', file.lines.length);
  if (random.chance(0.7)) await writeWhole(world, file);
  else {
    world.model.expect(file, render(file), 0);
    await writeInPieces(world, file, { random, from: 0, least: leastBytes(file) });
  }
  file.isBusy = false;
}

async function append(world: World, file: SoakFile, random: Random): Promise<void> {
  const before = render(file).length;
  const more = makeLines(world.model, random, file, random.between(1, 150));
  world.count('rows written', more.length);
  file.lines.push(...more);
  file.isTorn = false;
  if (file.format === 'json') await writeWhole(world, file);
  else await writeInPieces(world, file, { random, from: before, least: before });
}

export const GROWING: FileAction[] = [
  {
    name: 'create',
    weight: 12,
    act: (world, { stream, random }) =>
      create(world, makeFile(world.model, random, stream, random.between(1, 400)), random),
  },
  {
    name: 'create big',
    weight: 0.5,
    act: async (world, { stream, random }) => {
      if (world.model.linesOf(stream) > 30_000) return;
      await create(world, makeFile(world.model, random, stream, random.between(5_000, 15_000)), random);
    },
  },
  {
    name: 'append',
    weight: 14,
    act: (world, at) => holdFile(world.model, at, (file) => append(world, file, at.random)),
  },
  {
    name: 'decoy',
    weight: 2,
    // What is hidden or unfinished by its name is nobody's: its rows, which the model does not know, must not appear.
    act: async (world, { stream, random }) => {
      const decoy = makeFile(world.model, random, stream, 5);
      world.model.drop(decoy);
      const name = random.pick([`.${decoy.name}`, `${decoy.name}.part`, `${decoy.name}~`])!;
      await writeFile(join(dirname(world.path(decoy)), name), render(decoy));
    },
  },
];
