import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FROM_SOURCES } from './service-process.js';

const ROOT = join(import.meta.dirname, '..');

/** What `npm run schema:print -- <file>` does, from the sources as they are. */
function printSchema(file: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = [...FROM_SOURCES.slice(0, -1), join(ROOT, 'src', 'schema-print', 'main.ts'), file];
  return new Promise((resolve) => {
    execFile(process.execPath, program, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('npm run schema:print', () => {
  it('prints the DDL that a config needs, and nothing else', async () => {
    const { code, stdout } = await printSchema('examples/shop.yaml');
    expect({ code, lines: stdout.trimEnd().split('\n') }).toEqual({
      code: 0,
      lines: [
        'CREATE TABLE "public"."customers" ("id" bigint, "name" text, "phone" text);',
        expect.stringMatching(/^CREATE TABLE "public"."orders" \("order_id" bigint NOT NULL, .*\);$/),
      ],
    });
  });

  it('says in a line that there is no such file', async () => {
    const { code, stdout, stderr } = await printSchema('nowhere.yaml');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^expected the file of a config, got nowhere\.yaml: ENOENT: .*\n$/);
  });
});
