const PEM_LINE = /^-----(BEGIN|END) /;
const MIN_LINE = 16;

/** The ways in which a text turns up: as it is, in URLs and forms, in JSON, HTML and base64, and a key line by line. */
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
      ...keyLines(text),
    ]),
  ];
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
