import { SaxesParser, type SaxesOptions } from 'saxes';
import { XmlElement } from './xml-element.js';

/** Deeper documents are refused: what walks through a value recurses. */
const mostDepth = 256;

/** What is wrong with an XML text; line and character from 1. */
export class XmlFault extends Error {
  constructor(
    readonly reason: string,
    readonly line: number,
    readonly character: number,
    /** The text is well-formed, and has nothing where the records should be. */
    readonly isMissing = false,
  ) {
    super(isMissing ? reason : `line ${line}, character ${character}: ${reason}`);
  }
}

export interface XmlOptions {
  /** Element names from the root to the records; none: the document is one record. */
  path: readonly string[];
  /** Takes each record and the line on which it begins. */
  take: (record: unknown, line: number) => void;
  /** Of one record, and of anything else that has to be held. */
  mostCharacters: number;
  /** The document as a whole is wanted as well. */
  keepsBody?: boolean;
}

/** An open element; `element` is missing where its content is not kept. */
interface OpenElement {
  name: string;
  element: XmlElement | null;
  line: number;
  isRecord: boolean;
  isOnPath: boolean;
}

/**
 * Goes through an XML text that comes in pieces and hands out the elements at a path as values, see XmlElement. Entities
 * besides the five of XML itself are refused, and with them all that a DOCTYPE could make of a small text or fetch from
 * elsewhere. Throws XmlFault.
 */
export class XmlReader {
  /** `{ root: … }` at the end, where it was asked for. */
  body: unknown = undefined;
  private readonly parser = new SaxesParser<SaxesOptions & { xmlns?: false }>({ position: true });
  private readonly open: OpenElement[] = [];
  private tagLine = 1;
  /** Where what is being held began. */
  private heldFrom = 0;
  private isInRecord = false;
  private records = 0;
  /** The longest way along the path that was found. */
  private found = 0;
  private readonly siblings = new Set<string>();
  private repeated: string | null = null;

  constructor(private readonly options: XmlOptions) {
    const { parser } = this;
    parser.on('error', ({ message }) => {
      throw this.fault(
        `expected well-formed XML, got: ${message.replace(/^\d+:\d+: /, '').replace(/\.$/, '')}`,
      );
    });
    parser.on('doctype', (text) => {
      if (/<!ENTITY/i.test(text))
        throw this.fault("expected no entities of the document's own, got <!ENTITY");
      this.seen();
    });
    parser.on('opentagstart', () => (this.tagLine = parser.line));
    parser.on('opentag', (tag) => this.enter(tag.name, tag.attributes));
    parser.on('closetag', () => this.leave());
    parser.on('text', (text) => this.addText(text, false));
    parser.on('cdata', (text) => this.addText(text, true));
    parser.on('comment', () => this.seen());
    parser.on('processinginstruction', () => this.seen());
  }

  /** The line that has been come to. */
  get line(): number {
    return this.parser.line;
  }

  write(text: string): void {
    this.parser.write(text);
    this.checkHeld();
  }

  /** Ends the text. Throws XmlFault also where there cannot be records at the path. */
  finish(): void {
    this.parser.close();
    const { path } = this.options;
    if (this.records > 0) return;
    const shown = `$.${path.join('.')}`;
    let got: string | null = null;
    if (this.found < path.length - 1 || path.length === 1)
      got = `nothing at $.${path.slice(0, this.found + 1).join('.')}`;
    else if (this.repeated !== null) got = `elements called ${JSON.stringify(this.repeated)} there`;
    if (got !== null) throw new XmlFault(`expected records at ${shown}, got ${got}`, 1, 1, true);
  }

  private enter(name: string, attributes: Record<string, string>): void {
    const { path, keepsBody = false } = this.options;
    const parent = this.open.at(-1);
    const depth = this.open.length + 1;
    if (depth > mostDepth) throw this.fault(`expected at most ${mostDepth} levels of elements, got more`);
    const isOnPath = (parent?.isOnPath ?? true) && (path.length === 0 || path[depth - 1] === name);
    const isRecord = isOnPath && depth === Math.max(path.length, 1);
    if (isOnPath) this.found = Math.max(this.found, depth);
    else if (parent?.isOnPath && depth === path.length) this.meetOther(name);
    const isKept = keepsBody || isRecord || (parent?.element ?? null) !== null;
    if (!this.isInRecord) this.heldFrom = this.parser.position;
    this.isInRecord ||= isRecord;
    if (isOnPath && depth === path.length - 1) this.siblings.clear();
    this.open.push({
      name,
      element: isKept ? new XmlElement(attributes) : null,
      line: this.tagLine,
      isRecord,
      isOnPath: isOnPath && !isRecord,
    });
  }

  private leave(): void {
    this.checkHeld();
    const closed = this.open.pop()!;
    const value = closed.element?.value();
    this.open.at(-1)?.element?.add(closed.name, value);
    const isRoot = this.open.length === 0;
    if (isRoot && this.options.keepsBody) this.body = { [closed.name]: value };
    if (closed.isRecord) {
      this.isInRecord = false;
      this.records++;
      this.options.take(this.options.path.length === 0 ? { [closed.name]: value } : value, closed.line);
    }
    this.seen();
  }

  private addText(text: string, isCdata: boolean): void {
    this.open.at(-1)?.element?.addText(text, isCdata);
    this.seen();
  }

  /** Something came to its end: from here on nothing is held, but for a record. */
  private seen(): void {
    if (!this.isInRecord) this.heldFrom = this.parser.position;
  }

  private checkHeld(): void {
    const { mostCharacters } = this.options;
    if (this.parser.position - this.heldFrom > mostCharacters)
      throw this.fault(`expected at most ${mostCharacters} characters for one record, got more`);
  }

  private meetOther(name: string): void {
    if (this.siblings.has(name)) this.repeated ??= name;
    else if (this.siblings.size < 1_000) this.siblings.add(name);
  }

  private fault(reason: string): XmlFault {
    // The parser counts from 0 and stands behind the character at fault.
    return new XmlFault(reason, this.parser.line, Math.max(this.parser.column, 1));
  }
}
