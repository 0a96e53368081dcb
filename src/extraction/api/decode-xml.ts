import { XmlFault, XmlReader } from '../read-xml.js';
import type { DecodedBody, PageText } from './page-decoder.js';
import { selectRecords, type Selected } from './select-records.js';

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
  const selected: Selected = names === undefined ? selectRecords(body, page) : { records, shape: 'list' };
  return { body, ...selected, broken: [] };
}
