/** A text in quotes or between dollar signs, a quoted name, a comment, a word, or any other sign. */
const TOKEN =
  /[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$[A-Za-z_]*\$)[\s\S]*?\1|--[^\n]*|\/\*[\s\S]*?\*\/|[\p{L}_][\p{L}\p{N}_]*|[\s\S]/gu;

const STATEMENT =
  /^\s*(insert|update|delete|drop|create|alter|copy|attach|detach|install|load|pragma|call|export|import|set|with)\s+[\p{L}"']/iu;

/** Functions that say something else at every run, or that tell of the service. */
const REFUSED = new Set(
  `random setseed uuid uuidv4 uuidv7 gen_random_uuid now today get_current_time get_current_timestamp
   transaction_timestamp current_localtime current_localtimestamp age nextval currval txid_current current_setting
   getvariable getenv version read_text read_blob read_csv read_csv_auto read_json read_json_auto read_ndjson
   read_parquet parquet_scan glob`.split(/\s+/),
);

/** What would say something else of the same row at every look. */
const REFUSED_IN_CONDITIONS = new Set(
  `random gen_random_uuid uuidv4 uuidv7 clock_timestamp nextval currval lastval setval pg_sleep`.split(/\s+/),
);

const CLOSING: Record<string, string> = { ')': '(', ']': '[', '}': '{' };

/**
 * What can be told of an expression without the engine: texts and brackets that stay open, statements, queries, and
 * functions that are refused. A run looks at it in full before it types a record.
 */
export function checkExpression(expression: string): string | undefined {
  const problem = findProblem(expression, judgeToken);
  return problem && `expected one SQL expression over the columns of the row, got ${problem}`;
}

/**
 * What can be told of an expression of PostgreSQL without the database. A `$` is refused: where it ends a text in the
 * eyes of PostgreSQL, and where it belongs to a name, is not told apart here.
 */
export function checkCondition(expression: string): string | undefined {
  const problem = findProblem(expression, (token, rest) => {
    if (token.startsWith('$')) return 'a $; put texts in single quotes';
    return REFUSED_IN_CONDITIONS.has(token) && /^\s*\(/.test(rest) ? `${token}()` : judgeSign(token);
  });
  return problem && `expected one SQL expression over the columns of the row, got ${problem}`;
}

type Judge = (token: string, rest: string) => string | undefined;

function findProblem(expression: string, judge: Judge): string | undefined {
  const statement = STATEMENT.exec(expression)?.[1];
  if (statement) return `the statement ${statement.toUpperCase()}`;
  const open: string[] = [];
  for (const match of expression.matchAll(TOKEN)) {
    const [token] = match;
    const rest = expression.slice(match.index + token.length);
    const problem = judge(token.toLowerCase(), rest) ?? closeBracket(token, open);
    if (problem) return problem;
  }
  return open.length === 0 ? undefined : `${open.at(-1)} without an end`;
}

function judgeToken(token: string, rest: string): string | undefined {
  return judgeSign(token) ?? (REFUSED.has(token) && /^\s*\(/.test(rest) ? `${token}()` : undefined);
}

function judgeSign(token: string): string | undefined {
  if (token === "'" || token === '"') return `${token} without an end`;
  if (token === ';') return 'a semicolon';
  // A reserved word: as a name it stands in quotes.
  return token === 'select' ? 'a query' : undefined;
}

function closeBracket(token: string, open: string[]): string | undefined {
  if (token.length === 1 && '([{'.includes(token)) open.push(token);
  else if (token in CLOSING && open.pop() !== CLOSING[token]) return `${token} without a beginning`;
  return undefined;
}
