import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { assert, asyncProperty, constantFrom, jsonValue, nat } from 'fast-check';
import { parseInTurns } from './parse-in-turns.js';
import { parseJson } from '../parse-json.js';

/** Long enough to be parsed in several turns. */
const FILL = 'x'.repeat(100_000);
const LIST = `[${Array.from({ length: 30 }, (_, id) => `{"id":${id},"n":1.10,"s":"${FILL}","o":[{"]":"}"}]}`).join(' ,\n')}]`;

describe('parseInTurns', () => {
  it.each<[string, string[], string]>([
    ['an array', [], ` ${LIST} `],
    ['an array in an object', ['data'], `{"a":[1.10,"]"],"data": ${LIST} ,"next":{"x":2.50}}`],
    ['one that lies deeper', ['a', 'b'], `{"x":{"b":1},"a":{"b":${LIST},"c":"}"},"b":2}`],
    ['an escaped name', ['data'], `{"d\\u0061ta":${LIST}}`],
    ['__proto__', ['__proto__'], `{"__proto__":${LIST},"a":1}`],
    ['a name that comes twice', ['data'], `{"data":1,"data":${LIST}}`],
    ['a name that comes twice, the last is another', ['data'], `{"data":${LIST},"data":[1]}`],
    ['no array there', ['data'], `{"data":{"x":${LIST}}}`],
    ['nothing there', ['data'], `{"x":${LIST}}`],
    ['one long element', [], `["${FILL.repeat(8)}"]`],
    ['an empty array in a long text', ['data'], `{"data":[ ],"x":${LIST}}`],
    ['elements of every kind', [], `[1.10,"a",null,true,[],{},-0,"${FILL.repeat(8)}",${LIST}]`],
  ])('reads %s as parseJson does', async (_name, names, text) => {
    const value = await parseInTurns(text, names);
    expect(JSON.stringify(value)).toBe(JSON.stringify(parseJson(text)));
    expect(Object.getPrototypeOf(value)).toBe(Object.getPrototypeOf(parseJson(text)));
  });

  it.each([
    ['an open array', `[${LIST},{"a":1}`],
    ['a comma at the end', `[${LIST},]`],
    ['a comma too many', `[${LIST},,1]`],
    ['no comma', `[${LIST} 1]`],
    ['a wrong bracket', `[${LIST},{"a":1]]`],
    ['a wrong value', `[${LIST},NaN]`],
    ['more behind it', `${LIST}]`],
    ['more behind the object', `{"data":${LIST}} x`],
    ['a broken name', `{"data":${LIST},a:1}`],
    ['no colon', `{"data" ${LIST}}`],
    ['a control character', `[${LIST},"\n"]`],
  ])('refuses %s', async (_name, text) => {
    await expect(parseInTurns(text, ['data'])).rejects.toThrow(SyntaxError);
    await expect(parseInTurns(text, [])).rejects.toThrow(SyntaxError);
  });

  it('reads and refuses what parseJson does, whatever was changed in a text', async () => {
    await assert(
      asyncProperty(
        jsonValue(),
        nat(),
        constantFrom('', ',', ']', '}', '"', ' ', '1', '\\'),
        async (value, place, change) => {
          const parts = [
            `{"a":${JSON.stringify(value)},"data":[1,{"x":[]},`,
            `"${FILL.repeat(6)}"`,
            `,${JSON.stringify(value)},2.50],"z":0}`,
          ];
          const at = (place >> 1) % ((parts[place % 2 === 0 ? 0 : 2] as string).length + 1);
          const index = place % 2 === 0 ? 0 : 2;
          const part = parts[index] as string;
          parts[index] = part.slice(0, at) + change + part.slice(change === '' ? at + 1 : at);
          const text = parts.join('');
          const outcome = async (parse: () => unknown): Promise<string> => {
            try {
              return JSON.stringify(await parse());
            } catch (error) {
              return (error as Error).name;
            }
          };
          expect(await outcome(async () => parseInTurns(text, ['data']))).toBe(
            await outcome(() => parseJson(text)),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('lets others have their turn', async () => {
    const others = { turns: 0, isDone: false };
    const parsed = parseInTurns(LIST, []).finally(() => (others.isDone = true));
    while (!others.isDone) {
      others.turns++;
      await setImmediate();
    }
    await parsed;
    // All at once it would be one.
    expect(others.turns).toBeGreaterThan(2);
  });
});
