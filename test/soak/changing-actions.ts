import { copyFile, open, rename, rm, stat, truncate, utimes } from 'node:fs/promises';
import type { FileAction } from './action.js';
import { writeWhole } from './growing-actions.js';
import { holdFile, makeLines } from './make-file.js';
import type { Random } from './random.js';
import type { Line } from './rows.js';
import { render, type SoakFile } from './soak-file.js';
import type { World } from './world.js';

/** Rows are mostly taken away only once they are loaded: of those the final check can say exactly that they are there. */
const PATIENT = 0.92;

/** Whether a file may lose rows now. */
async function mayLose(world: World, file: SoakFile, random: Random): Promise<boolean> {
  if (!random.chance(PATIENT)) {
    world.count('took rows away early');
    return true;
  }
  return (await world.waitLoaded(file)) !== 'over';
}

/** Shorter, at the end of a row or in the middle of its last column. */
async function shorten(world: World, file: SoakFile, random: Random): Promise<void> {
  if (!(await mayLose(world, file, random))) return;
  const kept = random.between(0, file.lines.length - 1);
  const last = file.lines[kept - 1];
  file.lines.splice(kept);
  file.isTorn = last !== undefined && last.id !== null && random.chance(0.4);
  if (last && file.isTorn) {
    const text = last.text.trimEnd();
    file.lines[kept - 1] = { id: null, text: text.slice(0, text.length - random.between(1, 30)) };
  }
  const text = render(file);
  world.model.expect(file, text);
  await truncate(world.path(file), text.length);
}

/** Other rows in the same bytes and at the same time of modification: only the content tells. */
async function replaceUnseen(world: World, file: SoakFile, random: Random): Promise<void> {
  if (!(await mayLose(world, file, random))) return;
  const { length } = render(file);
  file.lines = fill(world, file, { random, length });
  const text = render(file);
  world.model.expect(file, text);
  const path = world.path(file);
  const { atime, mtime } = await stat(path);
  const handle = await open(path, 'r+');
  try {
    await handle.write(text, 0);
  } finally {
    await handle.close();
  }
  await utimes(path, atime, mtime);
}

/** New rows that take exactly so many bytes, with blank lines to fill up. */
function fill(world: World, file: SoakFile, { random, length }: { random: Random; length: number }): Line[] {
  const made = makeLines(world.model, random, file, file.lines.length);
  for (let count = made.length; count > 0; count--) {
    const lines = made.slice(0, count);
    const spare = length - render({ ...file, lines, isTorn: false }).length;
    const last = lines.at(-1)!;
    if (spare < 0) continue;
    file.isTorn = false;
    return [...lines.slice(0, -1), { id: last.id, text: `${last.text}${'\n'.repeat(spare)}` }];
  }
  return file.lines;
}

async function replaceWhole(world: World, file: SoakFile, random: Random): Promise<void> {
  if (!(await mayLose(world, file, random))) return;
  file.lines = makeLines(world.model, random, file, random.between(1, 200));
  file.isTorn = false;
  await writeWhole(world, file);
}

async function move(world: World, file: SoakFile): Promise<void> {
  const before = world.path(file);
  world.model.drop(file);
  file.name = world.model.newName(file.stream, file.format);
  world.model.put(file);
  await rename(before, world.path(file));
}

async function copy(world: World, file: SoakFile): Promise<void> {
  const name = world.model.newName(file.stream, file.format);
  const twin = { ...file, name, lines: [...file.lines], isBusy: true };
  await copyFile(world.path(file), world.path(twin));
  world.model.put(twin);
  twin.isBusy = false;
}

async function remove(world: World, file: SoakFile, random: Random): Promise<void> {
  if (!(await mayLose(world, file, random))) return;
  await rm(world.path(file));
  world.model.drop(file);
}

async function touch(world: World, file: SoakFile): Promise<void> {
  await utimes(world.path(file), new Date(), new Date());
}

type Change = (world: World, file: SoakFile, random: Random) => Promise<void>;

function action(
  name: string,
  weight: number,
  change: Change,
  isFit?: (file: SoakFile) => boolean,
): FileAction {
  return {
    name,
    weight,
    act: (world, at) => holdFile(world.model, at, (file) => change(world, file, at.random), isFit),
  };
}

const isPlain = ({ format, lines }: SoakFile) => format !== 'json' && lines.length > 0;
const isSmall = ({ lines }: SoakFile) => lines.length > 1 && lines.length <= 500;

export const REMOVE = action('delete', 7, remove);

export const CHANGING: FileAction[] = [
  action('truncate', 5, shorten, isPlain),
  action('replace, same size and time', 5, replaceUnseen, isSmall),
  action('replace', 4, replaceWhole),
  action('rename', 7, move),
  action('copy', 5, copy),
  action('touch', 4, touch),
  REMOVE,
];
