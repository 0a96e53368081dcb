import { text } from './rules.js';

/** An expression in SQL, as yet unread. */
// oxlint-disable-next-line no-control-regex -- no text of a table can hold a NUL
export const SQL_TEXT = text('SQL of 1 to 4000 characters', /^(?=[\s\S]*\S)[^\u0000]{1,4000}$/);
