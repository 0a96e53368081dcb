/** A hash table or a sort of so many identities takes about 50 MB. */
const IN_ONE = 1 << 20;
/** Each range reads all identities: more of them would cost more than the memory that they spare. */
const MOST = 32;
/** Ranges are told by the first two bytes of an identity. */
const STARTS = 1 << 16;

/**
 * SQL conditions on `#hash` that split identities into ascending ranges of about a million, of more beyond 32 million:
 * hashes lie evenly. Whoever sorts or counts them a range at a time needs memory for one range.
 */
export function identityRanges(identities: number): string[] {
  const count = Math.min(Math.max(1, Math.ceil(identities / IN_ONE)), MOST);
  if (count === 1) return ['"#hash" IS NOT NULL'];
  const start = (n: number) => Math.floor((n * STARTS) / count);
  return Array.from({ length: count }, (_, n) => {
    const first = `${hex(start(n))}0000-0000-0000-0000-000000000000`;
    const last = `${hex(start(n + 1) - 1)}ffff-ffff-ffff-ffff-ffffffffffff`;
    return `"#hash" BETWEEN '${first}'::UUID AND '${last}'::UUID`;
  });
}

const hex = (start: number) => start.toString(16).padStart(4, '0');
