import { extraName, type Format } from './streams.js';

/** A record as it stands in a file. Rows that the service must refuse have no id. */
export interface Line {
  id: number | null;
  text: string;
}

interface Values {
  id: number | null;
  name: string;
  amount: string;
  placed_on: string;
  active: boolean;
  extras: (string | null)[];
  ticket: string;
}

const DAY = 24 * 60 * 60_000;

/** All values follow from the id, so that the database can tell whether a row is what was written. */
function valuesOf(id: number, extras: number): Values {
  return {
    id,
    name: id % 7 === 0 ? `row ${id}, "seven"` : `row ${id}`,
    amount: (((id * 7919) % 1_000_000) / 100).toFixed(2),
    placed_on: new Date(Date.UTC(2024, 0, 1) + (id % 365) * DAY).toISOString().slice(0, 10),
    active: id % 2 === 0,
    extras: Array.from({ length: extras }, (_, index) => (id % 3 === 0 ? null : `x${index + 1} ${id}`)),
    ticket: id
      .toString(16)
      .padStart(32, '0')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  };
}

/** True for a row of a table that is not what `valuesOf` says. */
export function isWrongSql(extras: number): string {
  const wrong = Array.from({ length: extras }, (_, index) => {
    const name = extraName(index + 1);
    return `(${name} IS NOT NULL AND (id % 3 = 0 OR ${name} <> 'x${index + 1} ' || id))`;
  });
  return [
    `name IS DISTINCT FROM 'row ' || id || CASE WHEN id % 7 = 0 THEN ', "seven"' ELSE '' END`,
    'amount IS DISTINCT FROM ((id * 7919) % 1000000) / 100.0',
    `placed_on IS DISTINCT FROM date '2024-01-01' + (id % 365)::int`,
    'active IS DISTINCT FROM (id % 2 = 0)',
    `ticket IS DISTINCT FROM lpad(to_hex(id), 32, '0')::uuid`,
    ...wrong,
  ].join(' OR ');
}

export function goodLine(format: Format, id: number, extras: number): Line {
  return { id, text: write(format, valuesOf(id, extras)) };
}

/** A record that is one reject, of the given kind. */
export function badLine(
  format: Format,
  id: number,
  { kind, extras }: { kind: number; extras: number },
): Line {
  const values = valuesOf(id, extras);
  const texts = [
    write(format, { ...values, amount: '1.5.0' }),
    write(format, { ...values, placed_on: '2024-02-30' }),
    write(format, { ...values, id: null }),
    format === 'json' ? write(format, { ...values, ticket: 'none' }) : shorten(format, values),
  ];
  return { id: null, text: texts[kind % texts.length]! };
}

/** A record that somebody stopped writing in the middle. */
function shorten(format: Format, { id, name }: Values): string {
  return format === 'csv' ? `${id},${quoted(name)}` : `{"id": ${id}, "name": "broken`;
}

export function headerOf(extras: number): string {
  const names = Array.from({ length: extras }, (_, index) => extraName(index + 1));
  return ['id', 'name', 'amount', 'placed_on', 'active', ...names, 'ticket'].join(',');
}

/** The ticket, which must be there, stands last: a row that is cut anywhere is refused. */
function write(format: Format, { extras, ticket, ...values }: Values): string {
  if (format === 'csv') {
    const { id, name, amount, placed_on, active } = values;
    return [
      id ?? '',
      quoted(name),
      amount,
      placed_on,
      active,
      ...extras.map((text) => text ?? ''),
      ticket,
    ].join(',');
  }
  const named = Object.fromEntries(extras.map((text, index) => [extraName(index + 1), text]));
  return JSON.stringify({ ...values, ...named, ticket });
}

function quoted(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
