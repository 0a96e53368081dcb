import { type ErrorDetail, TerminalError } from '../errors.js';

/** A config text that was refused; `details` holds every fault that was found, in the order of the text. */
export class InvalidConfig extends TerminalError {
  constructor(details: ErrorDetail[]) {
    super('INVALID_CONFIG', summarise(details), details);
  }
}

function summarise([first, ...others]: ErrorDetail[]): string {
  if (!first) return 'The config is not valid.';
  const place = first.line === undefined ? '' : ` (line ${first.line}, column ${first.column ?? 1})`;
  const path = first.path ? `${first.path}: ` : '';
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `The config is not valid: ${path}${first.message}${place}${more}`;
}
