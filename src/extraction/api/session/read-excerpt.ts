import type { OpenAnswer } from '../api-request.js';
import { awaitWithin } from './await-within.js';
import { hideEmails } from './hide-emails.js';
import type { Secrets } from './secrets.js';

const MAX_BYTES = 8_192;
const MAX_CHARACTERS = 200;
const MAX_MS = 5_000;
const READABLE = /^(text\/|application\/(.+\+)?(json|xml|yaml)\b|application\/x-www-form-urlencoded)/i;

/**
 * What an answer of failure says, for a message: at most 200 characters of a text without its secrets and e-mail addresses, empty where there is
 * nothing to read. Ends the answer.
 */
export async function readExcerpt(answer: OpenAnswer, secrets: Secrets): Promise<string> {
  const type = answer.headers['content-type'] ?? '';
  try {
    if (/^text\/html/i.test(type)) return 'an HTML page';
    if (!READABLE.test(type)) return '';
    const chunks: Buffer[] = [];
    const isCut = await awaitWithin(readStart(answer, chunks), { ms: MAX_MS }).catch(() => true);
    return shorten(Buffer.concat(chunks).subarray(0, MAX_BYTES).toString('utf8'), isCut, secrets);
  } finally {
    answer.discard();
  }
}

/** @returns whether there is more */
async function readStart(answer: OpenAnswer, chunks: Buffer[]): Promise<boolean> {
  let size = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_BYTES) return true;
  }
  return false;
}

function shorten(text: string, isCut: boolean, secrets: Secrets): string {
  const shown = hideEmails(isCut ? secrets.hideCut(text) : secrets.hide(text));
  const line = shown.replace(/[\p{C}\s]+/gu, ' ').trim();
  if (line === '') return '';
  return line.length > MAX_CHARACTERS ? `"${line.slice(0, MAX_CHARACTERS).toWellFormed()}…"` : `"${line}"`;
}
