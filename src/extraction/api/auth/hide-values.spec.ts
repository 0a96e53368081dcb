import { expect, it } from '@jest/globals';
import { hideIssued, hideValues } from './hide-values.js';

it.each([
  { sent: { email: 'ann@example.com', password: 'pw-1' }, hidden: ['ann@example.com', 'pw-1'] },
  { sent: { login: { user: 'ann', passwort: 'pw-1' } }, hidden: ['pw-1'] },
  { sent: { variables: [{ input: ['one', { x: 'two' }] }], query: '' }, hidden: ['one', 'two'] },
  { sent: { pin: 4711, version: 2, remember: true, otp: null }, hidden: ['4711'] },
  { sent: { apikey: 'anon', 'Content-Type': 'application/json' }, hidden: ['anon'] },
  { sent: { scope: ['read', 'write'], grant_type: 'password' }, hidden: [] },
])('$sent', ({ sent, hidden }) => {
  const told: string[] = [];
  hideValues(sent, { hide: (secret) => void told.push(secret) });
  expect(told).toEqual(hidden);
});

it('hides what is called a secret in an answer', () => {
  const told: string[] = [];
  const answer = {
    data: {
      access_token: 'one',
      refreshToken: 'two',
      expires: 900,
      user: { email: 'a@b.example', session_id: 'three' },
    },
    tokens: [{ id_token: 'four' }],
    token_type: 'bearer',
  };
  hideIssued(answer, { hide: (secret) => void told.push(secret) });
  expect(told).toEqual(['one', 'two', 'three', 'four']);
});
