import { isRawNumber, rawText } from '../parse-json.js';

/** `0`, `200`, `20000` and words for it. */
const GOOD = /^(0+|2\d\d|2\d{4}|ok(ay)?|success\w*|succeeded|done|none|true)$/i;
const BAD = /^(err(or)?|fail(ed|ure)?|false|ko|nok|denied|unauthori[sz]ed|forbidden|[1345]\d\d)$/i;
const KINDS: Record<string, RegExp> = {
  error: /^(errors?|exception|fault|err(or)?_?(message|msg|description))$/i,
  code: /^(err(or)?_?|status_?)?code$/i,
  message: /^(message|msg|detail|reason)$/i,
  status: /^status$/i,
  flag: /^(success|succeeded|ok)$/i,
};

/** What speaks against an answer without records. */
export interface ErrorSigns {
  /** The answer says itself that it failed: that counts beside an empty list too. */
  isPlain: boolean;
  /** Its members that say so, as JSON. */
  text: string;
}

/**
 * Whether an answer of success says that it is an error: an error, a flag or a status of failure, a code that is none of
 * success; a message as well, unless another member says that all is well. null: nothing speaks against it.
 */
export function findErrorSigns(body: unknown): ErrorSigns | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  const said = Object.entries(body).filter(([name, value]) => kindOf(name) !== '' && !isNothing(value));
  const at = (kind: string): string[] =>
    said.filter(([name]) => kindOf(name) === kind).map(([, value]) => wordOf(value));
  const flags = [...at('flag'), ...at('status')];
  const codes = at('code').filter((code) => code !== '');
  const isPlain = flags.some((word) => BAD.test(word));
  const isFault =
    at('error').some((word) => word !== 'false' && word !== '0') || codes.some((code) => !GOOD.test(code));
  const isGood = [...flags, ...codes].some((word) => GOOD.test(word));
  const isTold = !isGood && at('message').some((word) => !GOOD.test(word));
  return isPlain || isFault || isTold ? { isPlain, text: JSON.stringify(Object.fromEntries(said)) } : null;
}

function kindOf(name: string): string {
  return Object.keys(KINDS).find((kind) => KINDS[kind]?.test(name)) ?? '';
}

/** null, an empty text, an empty list or object. */
export function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && !isRawNumber(value) && Object.keys(value).length === 0;
}

/** Of what is nested its JSON. */
function wordOf(value: unknown): string {
  return rawText(value).trim();
}
