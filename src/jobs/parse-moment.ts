/** RFC 3339, section 5.6, down to the minute or further. */
const MOMENT = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * The moment that an ISO date and time with an offset means; null for any other text. In a query a plus sign that was
 * not encoded arrives as a blank, and is taken for the plus sign that it was.
 */
export function parseMoment(text: string): Date | null {
  const parts = MOMENT.exec(text.replace(/ (?=\d{2}:\d{2}$)/, '+'));
  if (!parts) return null;
  const [, date = '', minutes = '', seconds = ':00', offset = ''] = parts;
  // JavaScript takes February 30 for March 2.
  if (new Date(`${date}T00:00Z`).toJSON()?.slice(0, 10) !== date) return null;
  const moment = new Date(`${date}T${minutes}${seconds}${offset.toUpperCase()}`);
  return Number.isNaN(moment.getTime()) ? null : moment;
}
