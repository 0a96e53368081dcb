/** A statement of PostgreSQL's SQL, without the semicolon that ends it. */
export interface SqlStatement {
  text: string;
  /** Its words and quoted names in order, in lower case, and every other sign; texts and comments left out. */
  tokens: string[];
}

/** A text, a name in quotes, a text between dollar signs, a comment to the end of the line, a word, or any other sign. */
const TOKEN =
  /[eE]'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)[\s\S]*?\1|--[^\n]*|[\p{L}_][\p{L}\p{N}_$]*|\s+|[\s\S]/uy;

/**
 * Splits SQL at its semicolons as `psql` does; statements of nothing but comments are left out.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
export function splitSql(sql: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let begin = 0;
  let tokens: string[] = [];
  const end = (at: number) => {
    if (tokens.length > 0) statements.push({ text: sql.slice(begin, at).trim(), tokens });
    begin = at + 1;
    tokens = [];
  };
  for (let at = 0; at < sql.length;) {
    if (sql.startsWith('/*', at)) {
      at = commentEnd(sql, at);
      continue;
    }
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(sql)![0];
    if (token === ';') end(at);
    else if (!/^(?:--|\s)/.test(token)) tokens.push(toToken(token));
    at += token.length;
  }
  end(sql.length);
  return statements;
}

function toToken(token: string): string {
  if (/^(?:[eE]?'.|\$[^$]*\$)/s.test(token)) return "''";
  return token.startsWith('"') && token.length > 1
    ? token.slice(1, -1).replaceAll('""', '"')
    : token.toLowerCase();
}

/** Comments in asterisks hold others. One that stays open goes to the end, where the server refuses it. */
function commentEnd(sql: string, begin: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = begin;
  let depth = 0;
  for (let found = mark.exec(sql); found; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}
