/** Names what a JSON value holds that JSON allows and PostgreSQL's texts do not; null for a good value. */
export function findBadText(value: unknown): string | null {
  if (typeof value === 'string') {
    if (value.includes('\0')) return 'U+0000';
    return value.isWellFormed() ? null : 'a lone surrogate';
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, child] of Object.entries(value)) {
    const fault = findBadText(key) ?? findBadText(child);
    if (fault !== null) return fault;
  }
  return null;
}
