import { setMember } from './set-member.js';

/** Name of an element's own text beside attributes or elements; no XML name begins so. */
export const textMember = '#text';

/**
 * An XML element on its way to a JSON value. Attributes and child elements are members by their names, prefixes and all;
 * a name that comes more than once has an array. An element with neither is its text as it stands, with either the text
 * between them is the member `#text`, blanks alone left out. `xsi:nil="true"` makes an element without either null.
 * Declarations of namespaces are no members.
 */
export class XmlElement {
  private members: Record<string, unknown> | null = null;
  private repeated: Set<string> | null = null;
  private text = '';
  private solid = '';
  private isNil = false;

  constructor(attributes: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name === 'xsi:nil') this.isNil = value === 'true' || value === '1';
      else if (name !== 'xmlns' && !name.startsWith('xmlns:')) this.add(name, value);
    }
  }

  addText(text: string, isCdata: boolean): void {
    this.text += text;
    if (isCdata || /[^\t\n\r ]/.test(text)) this.solid += text;
  }

  add(name: string, value: unknown): void {
    this.members ??= {};
    if (!Object.hasOwn(this.members, name)) setMember(this.members, name, value);
    else if (this.repeated?.has(name)) (this.members[name] as unknown[]).push(value);
    else {
      this.repeated ??= new Set();
      this.repeated.add(name);
      setMember(this.members, name, [this.members[name], value]);
    }
  }

  value(): unknown {
    if (this.members === null) return this.isNil && this.solid === '' ? null : this.text;
    if (this.solid !== '') setMember(this.members, textMember, this.solid);
    return this.members;
  }
}
