import type { AuthContext } from './authenticator.js';
import { isSecretName } from '../session/secrets.js';

/** Members whose texts are no secrets but words that messages need. */
const HARMLESS =
  /^(accept|audience|client_?id|content-type|e-?mail|grant_type|login|mode|prefer|realm|resource|scope|tenant|type|user|user-agent|user_?name)$/i;

/**
 * Tells the context what may be secret in what is sent to get a token: every text, for who knows which of them is one, and
 * the numbers that are called so.
 * @param name of the member that holds it
 */
export function hideValues(sent: unknown, context: Pick<AuthContext, 'hide'>, name = ''): void {
  if (typeof sent === 'string') {
    if (sent !== '' && !HARMLESS.test(name)) context.hide(sent);
  } else if (typeof sent === 'number') {
    if (isSecretName(name)) context.hide(String(sent));
  } else if (Array.isArray(sent)) {
    for (const value of sent) hideValues(value, context, name);
  } else if (typeof sent === 'object' && sent !== null) {
    for (const [inner, value] of Object.entries(sent)) hideValues(value, context, inner);
  }
}
