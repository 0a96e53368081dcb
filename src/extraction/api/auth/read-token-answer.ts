import { ApiRefused } from '../api-errors.js';
import type { ApiAnswer } from '../api-request.js';
import type { AuthContext } from './authenticator.js';
import { hideIssued } from './hide-values.js';
import { memberOf } from '../json-path.js';
import { parseJson } from '../parse-json.js';
import { hideEmails } from '../session/hide-emails.js';
import { originAndPath } from '../show-url.js';

const MAX_SHOWN = 300;
/** Where servers say what is wrong: OAuth 2.0 (RFC 6749, 5.2), problem details (RFC 9457), and what is usual besides. */
const REASONS = ['error', 'error_description', 'message', 'msg', 'title', 'detail'];

/**
 * The JSON value of an answer that should hold a token. Nothing of the answer is shown but what it says is wrong, and what is called
 * a secret in it is known as one from here. Throws ApiRefused for a status of failure and for anything else than JSON.
 */
export function readTokenAnswer(
  answer: ApiAnswer,
  url: string,
  context: Pick<AuthContext, 'show' | 'hide'>,
): unknown {
  const body = parseBody(answer);
  hideIssued(body, context);
  const place = context.show(originAndPath(url));
  if (answer.status < 200 || answer.status > 299) {
    const got = [String(answer.status), describeReason(body, context)].filter(Boolean).join(', ');
    throw new TokenRefused(`${place}: expected a token, got status ${got}`, answer.status, body);
  }
  if (body === undefined) {
    const message = `${place}: expected JSON with a token, got ${describeBody(answer)}`;
    throw new ApiRefused('AUTH_UNREADABLE', message, answer.status);
  }
  return body;
}

/** The server that gives tokens refused to. */
export class TokenRefused extends ApiRefused {
  /** The grant itself is no longer good (RFC 6749, 5.2). */
  readonly isInvalidGrant: boolean;

  constructor(message: string, status: number, body: unknown) {
    super('AUTH_REFUSED', message, status);
    this.isInvalidGrant = memberOf(body, 'error') === 'invalid_grant';
  }
}

/** What an answer says is wrong, without secrets; empty where it says nothing. */
export function describeReason(body: unknown, context: Pick<AuthContext, 'show'>): string {
  const [first] = asArray(memberOf(body, 'errors'));
  const texts = [body, memberOf(body, 'error'), first].flatMap((value) =>
    REASONS.map((name) => memberOf(value, name)),
  );
  const shown = [...new Set(texts.filter((text) => typeof text === 'string' && text !== ''))].join(': ');
  return hideEmails(context.show(shown))
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .slice(0, MAX_SHOWN);
}

/** undefined: it is no JSON. */
function parseBody({ bytes }: ApiAnswer): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function describeBody({ bytes, headers }: ApiAnswer): string {
  if (bytes.length === 0) return 'an empty body';
  const type = headers['content-type']?.split(';')[0]?.trim().slice(0, 100) ?? 'no content type';
  const kind = /^\s*<(!doctype\s+html|html)/i.test(bytes.toString('latin1', 0, 200))
    ? 'HTML'
    : 'another text';
  return `${kind} (${type}, ${bytes.length} bytes)`;
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
