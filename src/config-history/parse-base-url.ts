import { resolveVariables } from './variables.js';

/** What stands for a variable while a URL is looked at: it fits in a host, a port, a path and a query. */
const STAND_IN = '1';
const VARIABLE = /\$\{[^}]*\}/g;
const PLACEHOLDER = /\{(?:parent|cursor)\.[^{}]*\}/g;

/**
 * Reads an absolute URL that may hold variables and placeholders; a variable at its begin may hold the scheme or the
 * whole origin. The problem never repeats the text, which may hold a secret.
 */
export function parseBaseUrl(text: string): { url: URL } | { problem: string } {
  if (text.length > 8000) return refuse('one of more than 8000 characters');
  if (/[\s\p{Cc}]/u.test(text)) return refuse('one with a blank or a line end in it');
  const filled = resolveVariables(text, () => STAND_IN).replace(PLACEHOLDER, STAND_IN);
  const begins = text.startsWith('${') ? ['https://host', 'https'] : [STAND_IN];
  const rest = text.startsWith('${') ? filled.slice(STAND_IN.length) : filled;
  const url = begins
    .map((begin) => URL.parse(begin === STAND_IN ? rest : begin + rest))
    .find((parsed) => parsed !== null);
  if (!url || !(text.startsWith('${') || /^https?:\/\/[^/]/.test(text))) return refuse('another text');
  if (url.username !== '' || url.password !== '' || /^[^/?#]*\/\/[^/?#]*@/.test(filled)) {
    return refuse('one with a user or a password; see auth');
  }
  if (filled.includes('#')) return refuse('one with a fragment (#), which is never sent');
  return hasOpenHost(text) ? refuse('one with a placeholder in its host') : { url };
}

/** A record must not choose the host. */
function hasOpenHost(text: string): boolean {
  const bare = text.replace(VARIABLE, '').replace(/^[^/?]*:?\/\//, '');
  return /^[^/?]*\{/.test(bare);
}

function refuse(got: string): { problem: string } {
  return { problem: `expected an absolute URL, http or https, got ${got}` };
}
