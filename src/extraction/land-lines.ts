import { isUtf8 } from 'node:buffer';
import type { DecodedText, LandedContent, Landing } from './landing.js';
import { NdjsonWriter } from './ndjson-writer.js';
import { mostRecordBytes, splitLines } from './split-lines.js';
import { TextWindow } from './text-window.js';

/** Lands a text line by line as records with one column, `line`. Empty lines are no records. */
export async function landLines(text: DecodedText, landing: Landing): Promise<LandedContent> {
  const writer = await NdjsonWriter.open(landing);
  const window = new TextWindow(text.handle, { start: text.bomBytes, end: text.size });
  const isClean = text.text.isUtf8 && !text.text.hasNul;
  const sink = {
    take: (start: number, end: number, line: number): void => {
      const raw = window.text.slice(start, end);
      const reason = isClean ? null : lineFault(raw);
      if (reason !== null) writer.addReject({ line, column: 'line', reason, raw });
      else if (raw.trim() !== '') writer.add(landedLine(raw, line, window.base + start));
    },
    refuseLong: (start: number, line: number): void => {
      const reason = `expected at most ${mostRecordBytes} bytes for one line, got more`;
      writer.addReject({ line, column: 'line', reason, raw: window.text.slice(start, start + 100_000) });
    },
    flush: async () => writer.flush(),
  };
  await splitLines(window, sink, landing.signal);
  return {
    detected: {
      format: 'text',
      compression: text.compression,
      encoding: text.encoding,
      delimiter: null,
      header: false,
    },
    format: 'ndjson',
    path: writer.path,
    rawPath: text.path,
    dialect: null,
    columns: ['line'],
    nested: [],
    ...(await writer.finish()),
  };
}

function landedLine(raw: string, line: number, at: number): string {
  return `{"#line":${line},"#at":${at},"#length":${raw.length},"line":${JSON.stringify(raw)}}\n`;
}

function lineFault(raw: string): string | null {
  if (raw.includes('\0')) return 'expected text that PostgreSQL can hold, got U+0000';
  return isUtf8(Buffer.from(raw, 'latin1')) ? null : 'expected UTF-8, got other bytes';
}
