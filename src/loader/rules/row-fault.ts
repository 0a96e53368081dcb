/**
 * SQLSTATE classes that say nothing of a row: connections, transactions and races, the server and its resources, and what
 * a statement is refused for. Whatever else there is a row can be the reason of, what functions and triggers raise
 * included. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const NO_ROW_FAULTS =
  '00 01 02 08 0A 0B 24 25 26 28 2D 34 3B 3D 3F 40 42 53 54 55 57 58 F0 HV XX'.split(' ');

/** Whether an error says that something is wrong with a row. */
export function isRowFault(error: unknown): boolean {
  const start = classOf(error);
  return start !== null && !NO_ROW_FAULTS.includes(start);
}

/** Whether an error says that a query cannot be answered for these rows, or by this role, or at all. */
export function isQueryFault(error: unknown): boolean {
  return isRowFault(error) || ['0A', '42'].includes(classOf(error) ?? '');
}

/** null: the server did not say it. */
function classOf(error: unknown): string | null {
  const { driverError = error } = error as { driverError?: unknown };
  const { code, severity } = driverError as { code?: unknown; severity?: unknown };
  return severity !== undefined && typeof code === 'string' ? code.slice(0, 2) : null;
}
