const LONGEST_WORD = 64;

/** The known word that `word` was most likely meant to be, or undefined when none is near. Case does not count. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const given = word.toLowerCase().slice(0, LONGEST_WORD);
  if (given.length < 2) return undefined;
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = wordDistance(given, candidate.toLowerCase());
    if (!best || distance < best.distance) best = { word: candidate, distance };
  }
  return best && best.distance <= Math.max(1, Math.floor(given.length / 3)) ? best.word : undefined;
}

/** The end of a message about a word that is not known: the one that was probably meant, where there is one. */
export const didYouMean = (near: string | undefined): string => (near ? `; did you mean ${near}?` : '');

/** Edits between two words (Levenshtein); 1 where one word holds the other, as `username` holds `user`. */
function wordDistance(a: string, b: string): number {
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  if (shorter !== longer && shorter.length >= 4 && longer.includes(shorter)) return 1;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
