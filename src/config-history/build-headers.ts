/** Headers by their lower-case names. */
export function buildHeaders(
  headers: Record<string, string | number | boolean> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}
