import { Transform } from 'class-transformer';

/** Makes a number of a query parameter; what is none stays the text that it is, for the message to quote. */
export function ToNumber(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value,
  );
}
