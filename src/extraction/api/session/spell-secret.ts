const PEM_LINE = /^-----(BEGIN|END) /;
const MIN_LINE = 16;
/** Shorter codes stand in texts by chance. */
const MIN_CODED = 8;

/** The ways in which a text turns up: as it is, in URLs and forms, in JSON, HTML, base64 and hex, and a key line by line. */
export function spellSecret(text: string): string[] {
  const plain = text.toWellFormed();
  const coded = [
    encodeURIComponent(plain),
    encodeURI(plain),
    new URLSearchParams([['', plain]]).toString().slice(1),
  ];
  const json = JSON.stringify(text).slice(1, -1);
  const base64 = Buffer.from(plain).toString('base64');
  return [
    ...new Set([
      text,
      text.trim(),
      ...coded,
      ...coded.map((each) => each.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())),
      json,
      json.replaceAll('/', '\\/'),
      escapeAscii(json),
      escapeHtml(text),
      base64,
      base64.replace(/=+$/, ''),
      Buffer.from(plain).toString('base64url'),
      ...insideBase64(plain),
      ...inHex(plain),
      ...keyLines(text),
    ]),
  ];
}

/**
 * How base64 spells it within a longer text, such as `user:` before it: there are three ways, by where it begins. Characters that hold
 * bits of its neighbours are left out.
 */
function insideBase64(plain: string): string[] {
  const bytes = Buffer.from(plain);
  const inner = [0, 1, 2].flatMap((before) => {
    const coded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    return [coded.slice(Math.ceil((before * 8) / 6), end)];
  });
  const long = inner.filter((coded) => coded.length >= MIN_CODED);
  return [...long, ...long.map((coded) => coded.replaceAll('+', '-').replaceAll('/', '_'))];
}

function inHex(plain: string): string[] {
  const hex = Buffer.from(plain).toString('hex');
  return hex.length < MIN_CODED ? [] : [hex, hex.toUpperCase()];
}

/** A private key is as secret in its lines as it is whole. */
function keyLines(text: string): string[] {
  const lines = text.split(/\r?\n|\\n/).map((line) => line.trim());
  return lines.length === 1 ? [] : lines.filter((line) => line.length >= MIN_LINE && !PEM_LINE.test(line));
}

function escapeAscii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
