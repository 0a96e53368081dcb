/** The records that the example's API has, by table: always the same. */
export type CrmTables = Record<string, Record<string, unknown>[]>;

const COMPANIES = 1_200;
const CONTACTS = 2_600;
const DEALS = 1_800;
const ACTIVITIES = 3_400;
const USERS = 60;

/** Made from a seed, so that two runs of the example read the same. */
export function makeCrmTables(): CrmTables {
  const pick = seeded(2026);
  const among = (count: number) => 1 + pick(count);
  const of = <T>(items: readonly T[]) => items[pick(items.length)]!;
  const moment = (from: number) =>
    new Date(Date.UTC(2025, 0, from + pick(300), pick(24), pick(60))).toISOString();
  return {
    companies: many(COMPANIES, (id) => ({
      id,
      companyName: `${of(['Alba', 'Borea', 'Corvo', 'Delta', 'Estrel'])} ${of(['Foods', 'Labs', 'Rail', 'Tools'])} ${id}`,
      country: of(['DE', 'FR', 'IT', 'PL', 'SE', 'US']),
      activeflag: of([true, true, true, false]),
      annualRevenue: `${among(9_000)}.${String(pick(100)).padStart(2, '0')}`,
      ownerId: among(USERS),
    })),
    contacts: many(CONTACTS, (id) => ({
      id,
      companyId: among(COMPANIES),
      fullName: `Contact ${id}`,
      email: `contact${id}@example.com`,
      phone: `+49${String(30_000_000 + id).padStart(9, '0')}`,
      activeflag: of(['true', 'true', 'false']),
    })),
    contact_tags: many(CONTACTS, (id) => ({
      contactId: id,
      tag: of(['hot', 'cold', 'vip', 'churn', 'new', 'ref']),
    })),
    deals: many(DEALS, (id) => ({
      id,
      companyId: among(COMPANIES),
      ownerId: among(USERS),
      stage: of(['lead', 'offer', 'won', 'lost']),
      terms: { currency: of(['EUR', 'USD']), discountPercent: pick(30), signed: of([true, false]) },
      lines: many(pick(4), (line) => ({
        sku: `SKU-${among(40)}`,
        quantity: among(9),
        price: `${among(900)}.5${line}`,
      })),
      updatedAt: moment(1),
    })),
    activities: many(ACTIVITIES, (id) => ({
      id,
      contactId: among(CONTACTS),
      userId: among(USERS),
      kind: of(['call', 'mail', 'visit']),
      happenedAt: moment(30),
      minutes: pick(90),
    })),
  };
}

function many<T>(count: number, make: (number: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}

/** Whole numbers from 0 up to a bound, by a linear congruential generator (the constants of Numerical Recipes). */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
