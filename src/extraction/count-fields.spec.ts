import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countFields } from './count-fields.js';
import { splitRecords } from './split-records.js';

describe('countFields', () => {
  const pieces = fc.constantFrom('a', '"', '""', ',', ';', '\n', '\r', '\r\n', '', 'é', '😀', ' ');
  const samples = fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(''));
  const dialects = fc.record({
    delimiter: fc.constantFrom(',', ';'),
    quote: fc.constantFrom('"', null),
  });

  it('counts what splitRecords splits', () => {
    fc.assert(
      fc.property(samples, dialects, fc.constantFrom(1, 3, Infinity), (sample, dialect, most) => {
        const { records, isCut, isInQuotes } = splitRecords(sample, dialect, most);
        const counts = records.map((fields) => (fields.length === 1 && fields[0] === '' ? 0 : fields.length));
        expect(countFields(sample, dialect, most)).toEqual({ counts, isCut, isInQuotes });
      }),
      { numRuns: 1_000 },
    );
  });
});
