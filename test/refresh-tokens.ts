/**
 * A process of its own that refreshes tokens: `times` in a row, one line for each access token; with `times` 0 it keeps one
 * new refresh token, says so, and then stands still while it holds the lock.
 */
import { createAuthenticator } from '../src/extraction/api/auth/authenticators.js';
import { ApiTokens } from '../src/extraction/api/auth/kept-tokens.js';
import { ServiceConnection } from '../src/database/service-connection.js';
import { createContext } from './token-server.js';

const { connection, auth, times } = JSON.parse(process.argv[2] ?? '');
const tokens = new ApiTokens(new ServiceConnection(connection));

if (times === 0) {
  await tokens.exclusively(auth, async (_stored, keep) => {
    await keep('kept-before-the-end');
    process.stdout.write('kept\n');
    await new Promise((resolve) => setTimeout(resolve, 120_000));
  });
}
for (let index = 0; index < times; index++) {
  const authenticator = createAuthenticator(auth, createContext({ tokens }));
  const signed = await authenticator.sign({ method: 'GET', url: 'http://127.0.0.1/', headers: {} });
  process.stdout.write(`${signed.headers['authorization']}\n`);
}
