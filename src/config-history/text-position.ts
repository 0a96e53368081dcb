/** A place in a text: 1-based line and column; a line ends with LF, CRLF or CR. */
export interface TextPosition {
  line: number;
  column: number;
}

/** Finds line and column of an offset in UTF-16 units; a byte order mark takes up no column. */
export function positionAt(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).replace(/^\uFEFF/, '');
  const lines = before.split(/\r\n|\n|\r/);
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}
