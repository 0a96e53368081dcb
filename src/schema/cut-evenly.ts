/** Splits into runs of about equal length, of at most `most`. */
export function cutEvenly<T>(all: T[], most: number): T[][] {
  return cutInto(all, Math.ceil(all.length / most));
}

/** Splits into so many runs of about equal length. */
export function cutInto<T>(all: T[], count: number): T[][] {
  const start = (n: number) => Math.round((n * all.length) / count);
  return Array.from({ length: count }, (_, n) => all.slice(start(n), start(n + 1)));
}
