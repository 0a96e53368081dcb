/** A URL for people: origin and path alone, for a query may hold secrets. */
export function originAndPath(url: string): string {
  if (!URL.canParse(url)) return 'a text that is no URL';
  const { origin, pathname, protocol } = new URL(url);
  return origin === 'null' ? `${protocol}…` : `${origin}${pathname}`;
}
