import type { Row } from './make-stage.js';

/** Rows of the columns id, name, at: the key, a value, and a whole number to order by. */
export type Files = Row[][];

export interface Tally {
  read: number;
  inserted: number;
  updated: number;
  duplicate: number;
  deleted: number;
}

export interface Step {
  rows: Row[];
  counts: Tally;
}

/** What a table holds after a load, told by definition: from what it held, and what each load brought. */
export type WriteModel = (before: Row[], files: Files) => Step;

const same = (row: Row) => JSON.stringify(row);
const tally = (read: number, counts: Partial<Tally>): Tally => {
  return { read, inserted: 0, updated: 0, duplicate: 0, deleted: 0, ...counts };
};

/** Whether `a` is older than `b`: no value is older than any. */
const isOlder = (a: Row, b: Row) => b[2] !== null && (a[2] === null || Number(a[2]) < Number(b[2]));

function newestOfEach(files: Files): Map<string, Row> {
  const newest = new Map<string, Row>();
  for (const row of files.flat()) {
    const known = newest.get(row[0]!);
    if (!known || !isOlder(row, known)) newest.set(row[0]!, row);
  }
  return newest;
}

/** The rows ever seen, each once. */
export const appendModel: WriteModel = (before, files) => {
  const all = files.flat();
  const rows = new Map([...before, ...all].map((row) => [same(row), row]));
  const inserted = rows.size - before.length;
  return {
    rows: [...rows.values()],
    counts: tally(all.length, { inserted, duplicate: all.length - inserted }),
  };
};

/** The newest row of each key ever seen. */
export const upsertModel: WriteModel = (before, files) => {
  const rows = new Map(before.map((row) => [row[0]!, row]));
  const read = files.flat().length;
  let [inserted, updated] = [0, 0];
  for (const [key, row] of newestOfEach(files)) {
    const known = rows.get(key);
    if (known && (isOlder(row, known) || same(row) === same(known))) continue;
    rows.set(key, row);
    if (known) updated++;
    else inserted++;
  }
  return {
    rows: [...rows.values()],
    counts: tally(read, { inserted, updated, duplicate: read - inserted - updated }),
  };
};

/** The newest row of each key of the last load. */
export const replaceByKeyModel: WriteModel = (before, files) => {
  const known = new Map(before.map((row) => [row[0]!, row]));
  const rows = newestOfEach(files);
  const read = files.flat().length;
  const inserted = [...rows.keys()].filter((key) => !known.has(key)).length;
  const updated = [...rows].filter(
    ([key, row]) => known.has(key) && same(known.get(key)!) !== same(row),
  ).length;
  const deleted = [...known.keys()].filter((key) => !rows.has(key)).length;
  const duplicate = read - inserted - updated;
  return { rows: [...rows.values()], counts: tally(read, { inserted, updated, duplicate, deleted }) };
};

/** The rows of the last load, each once or as often as they came. */
export const replaceModel =
  (duplicates: 'drop' | 'keep'): WriteModel =>
  (before, files) => {
    const all = files.flat();
    const rows = duplicates === 'keep' ? all : [...new Map(all.map((row) => [same(row), row])).values()];
    const left = before.map(same);
    const kept = rows.filter((row) => {
      const index = left.indexOf(same(row));
      if (index !== -1) left.splice(index, 1);
      return index !== -1;
    });
    const inserted = rows.length - kept.length;
    const counts = { inserted, duplicate: all.length - inserted, deleted: left.length };
    return { rows, counts: tally(all.length, counts) };
  };

/** All rows of each file that is another one than those before. */
export function insertModel(): WriteModel {
  const loaded = new Set<string>();
  return (before, files) => {
    const fresh = files.filter((file) => !loaded.has(JSON.stringify(file)));
    for (const file of fresh) loaded.add(JSON.stringify(file));
    const [read, inserted] = [files.flat().length, fresh.flat().length];
    const counts = tally(read, { inserted, duplicate: read - inserted });
    return { rows: [...before, ...fresh.flat()], counts };
  };
}

/** Every version that was once the newest of its key, with whether it holds (`true` or `false` behind its values). */
export const historyModel: WriteModel = (before, files) => {
  const rows = before.map((row) => [...row]);
  const read = files.flat().length;
  let [inserted, updated] = [0, 0];
  for (const [key, row] of newestOfEach(files)) {
    const holding = rows.find((one) => one[0] === key && one[3] === 'true');
    const known = holding?.slice(0, 3);
    if (known && (isOlder(row, known) || same(row) === same(known))) continue;
    if (holding) holding[3] = 'false';
    rows.push([...row, 'true']);
    if (holding) updated++;
    else inserted++;
  }
  return { rows, counts: tally(read, { inserted, updated, duplicate: read - inserted - updated }) };
};
