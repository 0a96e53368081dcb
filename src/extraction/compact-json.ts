import { decodeSlice, encodeSlice } from './text-window.js';

/** The same value in its shortest spelling, numbers as they were written. Takes and gives a window's text. */
export function compactJson(slice: string): string {
  // Most nested values are short and already compact: then a round trip gives the same text, and the slow way is spared.
  if (JSON.stringify(JSON.parse(slice)) === slice) return slice;
  const value: unknown = JSON.parse(decodeSlice(slice), keepNumber);
  return encodeSlice(JSON.stringify(value));
}

type RawJson = typeof JSON & { rawJSON(text: string): unknown };

function keepNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? (JSON as RawJson).rawJSON(context?.source ?? String(value)) : value;
}
