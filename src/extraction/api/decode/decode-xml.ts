import { XmlFault, XmlReader } from '../../read-xml.js';
import type { DecodedBody, PageText } from './page-decoder.js';
import { selectRecords, type Selected } from './select-records.js';

/** How a document says that it has no records. */
const COUNT = /(?:total|count|size|hits|results|matches|number)$/i;
const SIMPLE = /^(?:\$\.)?([^\s.$[\]*]+(?:\.[^\s.[\]*]+)*)$/;

/**
 * Reads an XML page, see XmlElement for what becomes of its elements. `$.a.b` as `records` means every element at that
 * path, as it does for files; any other path is a JSONPath in the page as a value.
 */
export function decodeXml(page: PageText): DecodedBody {
  const { records: path } = page.source;
  const names = path === '$' ? [] : SIMPLE.exec(path)?.[1]?.split('.');
  const records: unknown[] = [];
  const reader = new XmlReader({
    path: names ?? [],
    take: (record) => records.push(record),
    mostCharacters: page.text.length,
    keepsBody: true,
  });
  try {
    reader.write(page.text);
    reader.finish();
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    throw page.refuse(error.isMissing ? 'API_RECORDS_MISSING' : 'API_BODY_BROKEN', error.message);
  }
  const { body } = reader;
  if (names !== undefined && records.length === 0) checkEmpty(body, names, page);
  const selected: Selected = names === undefined ? selectRecords(body, page) : { records, shape: 'list' };
  return { body, ...selected, broken: [] };
}

/**
 * Where there are no records, the element that should hold them may have no others, unless one says that there are 0: else it
 * is an error that they stand for, or records under another name.
 */
function checkEmpty(body: unknown, path: readonly string[], { text, source, refuse }: PageText): void {
  // The way to the records alone, whatever attributes it has.
  if ((text.match(/<[^!?/]/g)?.length ?? 0) < path.length) return;
  let holder: unknown = body;
  for (const name of path.slice(0, -1)) holder = childrenOf(holder)[name];
  const children = Object.entries(childrenOf(holder));
  if (children.length === 0) return;
  if (children.some(([name, value]) => COUNT.test(name) && value === '0')) return;
  const shown = children.slice(0, 10).map(([name]) => JSON.stringify(name.slice(0, 40)));
  throw refuse(
    'API_RECORDS_MISSING',
    `expected records at ${source.records}, got an element with ${shown.join(', ')}`,
  );
}

function childrenOf(value: unknown): Record<string, unknown> {
  if (Array.isArray(value)) return Object.assign({}, ...value.map(childrenOf)) as Record<string, unknown>;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
