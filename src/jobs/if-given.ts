import { ValidateIf } from 'class-validator';

/** Like `IsOptional`, but only for a value that is left out: JSON null is a value, and has to pass the other checks. */
export function IfGiven(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}
