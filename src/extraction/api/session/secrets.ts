import { spellSecret } from './spell-secret.js';

const HIDDEN = '***';
/** A shorter one is hidden only where it stands by itself: else no word that happens to hold it could be read. */
const ANYWHERE = 4;
/** The oldest is forgotten first; tokens that are renewed come again and again. */
const MAX_TEXTS = 500;
const SECRET_NAME =
  /^((access|auth|id|refresh|bearer|session|csrf)?[-_]?token|(api|access|private|subscription|account|secret)?[-_]?key|(client|app|api|shared)?[-_]?secret|pass(word|wd|phrase)?|pwd|pin|otp|auth(orization)?|credentials?|signature|sig|jwt|assertion|session([-_]?id)?|x-amz-(signature|credential|security-token))$/i;

/** Whether what is called so is a secret whatever it holds. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * Texts that must not be shown, and whatever is to be shown without them. A text is hidden as it is and as URLs, JSON, HTML,
 * base64 and hex spell it: anywhere from four characters on, below that where no letter or digit is next to it.
 */
export class Secrets {
  private readonly spellings = new Map<string, string[]>();

  /** @param shared others' secrets, hidden as well, also those that are added later */
  constructor(private readonly shared?: Secrets) {}

  /** Hides a text from now on. Blank ones are no secrets. */
  add(text: string): void {
    if (text.trim() === '') return;
    this.spellings.delete(text);
    this.spellings.set(text, spellSecret(text));
    const [oldest] = this.spellings.keys();
    if (this.spellings.size > MAX_TEXTS && oldest !== undefined) this.spellings.delete(oldest);
  }

  /** The text with `***` in place of every secret. */
  hide(text: string): string {
    const spans: [number, number][] = [];
    for (const spelling of this.all()) {
      for (let at = text.indexOf(spelling); at !== -1; at = text.indexOf(spelling, at + 1)) {
        const end = at + spelling.length;
        if (spelling.length >= ANYWHERE || standsAlone(text, at, end)) spans.push([at, end]);
      }
    }
    return cover(text, spans);
  }

  /** The same for the beginning of a longer text, which may end in the middle of a secret: what could be a part of one goes. */
  hideCut(text: string): string {
    let kept = text.length;
    for (const spelling of this.all()) {
      const from = Math.max(0, text.length - spelling.length + 1);
      for (let at = from; at < kept; at++) if (spelling.startsWith(text.slice(at))) kept = at;
    }
    return this.hide(text.slice(0, kept));
  }

  /** A URL without its user, its fragment and what is secret in its path and query. */
  showUrl(url: string): string {
    if (!URL.canParse(url)) return this.hide(url.replace(/[?#].*$/s, ''));
    const { search } = new URL(url);
    return this.hide(this.showPlace(url) + search.replace(/[^?&]+/g, (pair) => this.showPair(pair)));
  }

  /** Origin and path alone. */
  showPlace(url: string): string {
    if (!URL.canParse(url)) return this.hide(url.replace(/[?#].*$/s, ''));
    const { protocol, host, pathname } = new URL(url);
    const path = pathname.replace(/[^/]+/g, (segment) => this.showCoded(segment));
    return this.hide(`${protocol}//${host}${path}`);
  }

  private showPair(pair: string): string {
    const at = pair.indexOf('=');
    if (at === -1) return this.showCoded(pair);
    const name = pair.slice(0, at);
    if (isSecretName(decode(name))) return `${name}=${HIDDEN}`;
    const value = pair.slice(at + 1);
    return `${this.showCoded(name)}=${this.showCoded(value) === value ? value : HIDDEN}`;
  }

  private showCoded(text: string): string {
    const decoded = decode(text);
    return this.hide(decoded) === decoded ? text : HIDDEN;
  }

  private *all(): Iterable<string> {
    if (this.shared) yield* this.shared.all();
    for (const spellings of this.spellings.values()) yield* spellings;
  }
}

function standsAlone(text: string, from: number, to: number): boolean {
  return (
    !/[\p{L}\p{N}]$/u.test(text.slice(Math.max(0, from - 2), from)) &&
    !/^[\p{L}\p{N}]/u.test(text.slice(to, to + 2))
  );
}

/** Spans that meet are covered together, so that no end of one secret shows beside another. */
function cover(text: string, spans: [number, number][]): string {
  let shown = '';
  let at = 0;
  let isCovering = false;
  for (const [from, to] of spans.sort((one, other) => one[0] - other[0])) {
    if (from > at || !isCovering) shown += text.slice(at, from) + HIDDEN;
    isCovering = true;
    at = Math.max(at, to);
  }
  return shown + text.slice(at);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
