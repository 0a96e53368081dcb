import type { Model } from './model.js';
import type { Random } from './random.js';
import { badLine, goodLine, type Line } from './rows.js';
import type { SoakFile } from './soak-file.js';
import type { Format, SoakStream } from './streams.js';

export interface Shape {
  format: Format;
  extras: number;
}

/** New records, a few of them bad ones in every third batch. */
export function makeLines(model: Model, random: Random, { format, extras }: Shape, count: number): Line[] {
  const badShare = random.chance(0.3) ? 0.1 : 0;
  const first = model.takeIds(count);
  return Array.from({ length: count }, (_, index) => {
    const id = first + index;
    if (!random.chance(badShare)) return goodLine(format, id, extras);
    return badLine(format, id, { kind: random.between(0, 3), extras });
  });
}

/** A file that is not on the disk yet, known to the model and held by the caller. */
export function makeFile(model: Model, random: Random, stream: SoakStream, count: number): SoakFile {
  const format = random.pick(stream.formats)!;
  const known = model.extras.get(stream.pipeline)!;
  const extras = random.chance(0.5) ? known : random.between(0, known);
  const lines = makeLines(model, random, { format, extras }, count);
  const name = model.newName(stream, format);
  const file = { stream, name, format, extras, lines, isTorn: false, isBusy: true };
  model.put(file);
  return file;
}

/** Holds one of the stream's files that nobody holds, while `work` is at it. */
export async function holdFile(
  model: Model,
  { stream, random }: { stream: SoakStream; random: Random },
  work: (file: SoakFile) => Promise<void>,
  isFit: (file: SoakFile) => boolean = () => true,
): Promise<void> {
  const file = random.pick(model.filesOf(stream).filter((one) => !one.isBusy && isFit(one)));
  if (!file) return;
  file.isBusy = true;
  try {
    await work(file);
  } finally {
    file.isBusy = false;
  }
}
