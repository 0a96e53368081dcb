import { Random } from '../../test/soak/random.js';

/** Ten columns as PostgreSQL and the YAML call them. */
export const ORDER_COLUMNS = [
  { name: 'order_id', type: 'bigint' },
  { name: 'customer_id', type: 'integer' },
  { name: 'customer', type: 'text' },
  { name: 'email', type: 'text' },
  { name: 'product', type: 'text' },
  { name: 'quantity', type: 'integer' },
  { name: 'amount', type: 'numeric(12,2)' },
  { name: 'active', type: 'boolean' },
  { name: 'placed_on', type: 'date' },
  { name: 'updated_at', type: 'timestamp' },
];

const FIRST = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Tony', 'Radia', 'Niklaus', 'Karen'];
const LAST = ['Lovelace', 'Hopper', 'Dijkstra', 'Liskov', 'Knuth', 'Allen', 'Hoare', 'Perlman', 'Wirth'];
const WARES = ['anvil', 'rope, 20 m', 'lamp "Oslo"', 'kettle', 'desk', 'chair', 'crème brûlée', 'bolt M8'];
const DAY = 86_400_000;
const BEGINNING = Date.UTC(2020, 0, 1);
const SEED = 20_240_229;

export type OrderValue = string | number | boolean | null;

/**
 * The values of one order, about 112 bytes as CSV: the same for the same number and edition, whatever was made before.
 *
 * @param edition another one differs in the amount, as an order does that was changed
 */
export function orderValues(n: number, edition = 0): OrderValue[] {
  const random = new Random(SEED + Math.imul(n, 2_654_435_761));
  const first = random.pick(FIRST)!;
  const last = random.pick(LAST)!;
  const customer = random.between(1, 250_000);
  const at = BEGINNING + random.between(0, 1_500) * DAY + random.between(0, DAY / 1_000 - 1) * 1_000;
  const cents = random.between(100, 99_999) + edition * 100_000;
  return [
    n,
    customer,
    `${first} ${last}`,
    random.chance(0.05) ? null : `${first}.${last}.${customer}@example.com`.toLowerCase(),
    random.pick(WARES)!,
    random.between(1, 99),
    (cents / 100).toFixed(2),
    random.chance(0.5),
    new Date(at).toISOString().slice(0, 10),
    new Date(at + random.between(0, 90) * DAY).toISOString().slice(0, 19).replace('T', ' '),
  ];
}

/** A line of CSV without its line end. */
export function csvLine(values: readonly OrderValue[]): string {
  return values.map(csvField).join(',');
}

function csvField(value: OrderValue): string {
  const text = value === null ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const orderHeader = ORDER_COLUMNS.map(({ name }) => name).join(',');

/** The order as a JSON object. */
export function orderJson(values: readonly OrderValue[]): string {
  const fields = ORDER_COLUMNS.map(({ name }, at) => [
    name,
    name === 'amount' ? Number(values[at]) : values[at],
  ]);
  return JSON.stringify(Object.fromEntries(fields));
}
