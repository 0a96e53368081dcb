const EMAIL = /[^\s@<>()[\]"',;:=]+@[^\s@<>()[\]"',;:=]+\.[^\s@<>()[\]"',;:=]+/g;

/** A text with `***` in place of every e-mail address, for answers like to say whose account they are about. */
export function hideEmails(text: string): string {
  return text.replaceAll(EMAIL, '***');
}

/** Whether there is an e-mail address in a text. */
export function hasEmail(text: string): boolean {
  return text.search(EMAIL) !== -1;
}
