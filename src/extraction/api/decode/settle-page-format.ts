import { recogniseBinary, recogniseUndelimited } from '../../recognise-content.js';
import { detectDelimiter } from '../../detect-delimiter.js';
import type { PageFormat, PageText } from './page-decoder.js';

const byType: [RegExp, PageFormat][] = [
  [/^(?:application|text)\/(?:x-)?(?:ndjson|jsonl|json-?lines|json-?seq)$|[/+]stream\+json$/, 'ndjson'],
  [/^(?:application|text)\/(?:x-)?json$|\+json$/, 'json'],
  [/^(?:application|text)\/(?:x-)?(?:csv|comma-separated-values|tab-separated-values|tsv)$/, 'csv'],
  [/^(?:application|text)\/xml$|\+xml$/, 'xml'],
];

/**
 * Throws ApiRefused for an HTML page: a log-in form, a maintenance note, a proxy's error, which servers send with
 * status 200 too. What claims to be HTML and is not (PHP's default Content-Type) passes.
 */
export function refuseHtml({ text, refuse }: PageText): void {
  if (
    !/^(?:\s|<\?xml[^>]*>|<!--[\s\S]{0,2000}?-->)*<(?:!doctype\s+html|html|head|body)[\s>]/i.test(
      text.slice(0, 4_000),
    )
  )
    return;
  const title = /<title[^>]*>([\s\S]{0,500}?)<\/title>/i.exec(text.slice(0, 64_000))?.[1];
  const shown = title?.replace(/\s+/g, ' ').trim().slice(0, 100);
  const called = shown ? ` called ${JSON.stringify(shown)}` : '';
  throw refuse('API_HTML', `expected data, got an HTML page${called}`);
}

/** Settles what a page is to be read as where the config leaves it open: by its media type, else by its first characters. */
export function settlePageFormat({ text, mediaType, source, refuse }: PageText): PageFormat {
  const named = byType.find(([pattern]) => pattern.test(mediaType))?.[1];
  if (named !== undefined) return named;
  const head = text.slice(0, 64 * 1024);
  const start = head.trimStart();
  if (/^\{[^\n]*\}[^\S\n]*\r?\n\s*\{/.test(start)) return 'ndjson';
  if (/^(?:[[{"]|-?\d+\s*$|(?:null|true|false)\s*$)/.test(start)) return 'json';
  if (start.startsWith('<')) return 'xml';
  const odd = start === '' ? 'an empty body' : recogniseBinary(Buffer.from(head.slice(0, 64), 'latin1'));
  const { delimiter, quote } = source.csv;
  const isDelimited = delimiter !== 'auto' && head.includes(delimiter);
  const isWhole = head.length === text.length;
  // What says that it is mere text is mostly a sentence, and one with a comma looks like a header.
  const isProse = mediaType === 'text/plain';
  const kind = odd ?? recogniseUndelimited(Buffer.from(head));
  if (kind === null && !isProse && (isDelimited || detectDelimiter(head, quote || null, isWhole) !== null))
    return 'csv';
  const type =
    mediaType === '' ? 'no Content-Type' : `Content-Type ${JSON.stringify(mediaType.slice(0, 100))}`;
  throw refuse(
    'API_FORMAT_UNKNOWN',
    `expected JSON, NDJSON, CSV or XML, got ${kind ?? 'other text'} with ${type}; declare format`,
  );
}
