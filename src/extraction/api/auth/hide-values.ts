import type { AuthContext } from './authenticator.js';
import { hasEmail } from '../session/hide-emails.js';
import { isSecretName } from '../session/secrets.js';

/** Members whose texts are no secrets but words that messages need, e-mail addresses aside. */
const HARMLESS =
  /^(accept|audience|client_?id|content-type|e-?mail|grant_type|login|mode|prefer|realm|resource|scope|tenant|type|user|user-agent|user_?name)$/i;

/** Deeper members of an answer are not looked at. */
const MAX_DEPTH = 5;

/**
 * Tells the context what may be secret in what is sent to get a token: every text, for who knows which of them is one, and
 * the numbers that are called so.
 * @param name of the member that holds it
 */
export function hideValues(sent: unknown, context: Pick<AuthContext, 'hide'>, name = ''): void {
  if (typeof sent === 'string') {
    if (sent !== '' && (!HARMLESS.test(name) || hasEmail(sent))) context.hide(sent);
  } else if (typeof sent === 'number') {
    if (isSecretName(name)) context.hide(String(sent));
  } else if (Array.isArray(sent)) {
    for (const value of sent) hideValues(value, context, name);
  } else if (typeof sent === 'object' && sent !== null) {
    for (const [inner, value] of Object.entries(sent)) hideValues(value, context, inner);
  }
}

/** Tells the context what is called a secret in an answer that holds a token, such as a refresh token beside it. */
export function hideIssued(answer: unknown, context: Pick<AuthContext, 'hide'>, name = '', depth = 0): void {
  if (typeof answer === 'string') {
    if (answer !== '' && isSecretName(name)) context.hide(answer);
  } else if (typeof answer === 'object' && answer !== null && depth < MAX_DEPTH) {
    for (const [inner, value] of Object.entries(answer))
      hideIssued(value, context, Array.isArray(answer) ? name : inner, depth + 1);
  }
}
