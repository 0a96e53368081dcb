import type { AuthContext } from './authenticator.js';
import { rawText } from './parse-json.js';

/** Members that hold no secret, and whose values are words that messages need. */
const HARMLESS =
  /^(accept|audience|client_?id|content-type|e-?mail|grant_type|login|mode|prefer|realm|resource|scope|tenant|type|user|user-agent|user_?name)$/i;

/** Tells the context every text and number in what is sent to get a token, for who knows which of them is a secret. */
export function hideValues(sent: unknown, context: Pick<AuthContext, 'hide'>): void {
  if (Array.isArray(sent)) return sent.forEach((value) => hideValues(value, context));
  if (typeof sent === 'string' || typeof sent === 'number')
    return sent === '' ? undefined : context.hide(rawText(sent));
  if (typeof sent !== 'object' || sent === null) return;
  for (const [name, value] of Object.entries(sent)) {
    if (typeof value !== 'string' || !HARMLESS.test(name)) hideValues(value, context);
  }
}
