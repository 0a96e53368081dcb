import { describe, expect, it } from '@jest/globals';
import type { StatusAction } from '../../../config-history/api-source-config.js';
import { judgeAnswer, type Verdict } from './judge-answer.js';

describe('judgeAnswer', () => {
  it.each<[Verdict, number[]]>([
    ['ok', [200, 201, 204, 205, 206]],
    ['retry', [202, 408, 425, 429, 500, 501, 502, 503, 504, 599]],
    ['fail', [300, 301, 304, 400, 402, 403, 404, 405, 409, 410, 413, 416, 418, 422, 451, 600, 999, 100]],
    ['renew', [401]],
  ])('%s by itself: %j', (verdict, statuses) => {
    expect(statuses.map((status) => judgeAnswer(status, {}, true))).toEqual(statuses.map(() => verdict));
  });

  it.each<{
    name: string;
    status: number;
    onStatus: Record<string, StatusAction>;
    canRenew?: boolean;
    verdict: Verdict;
  }>([
    { name: 'the exact status', status: 404, onStatus: { 404: 'ignore' }, verdict: 'ignore' },
    { name: 'the class', status: 404, onStatus: { '4xx': 'ignore' }, verdict: 'ignore' },
    {
      name: 'the exact status first',
      status: 404,
      onStatus: { '4xx': 'ignore', 404: 'retry' },
      verdict: 'retry',
    },
    { name: 'another status', status: 404, onStatus: { 403: 'ignore', '5xx': 'ignore' }, verdict: 'fail' },
    { name: 'a status that passes, its class', status: 429, onStatus: { '4xx': 'ignore' }, verdict: 'retry' },
    { name: 'a status that passes, itself', status: 429, onStatus: { 429: 'fail' }, verdict: 'fail' },
    { name: 'the class of servers that fail', status: 503, onStatus: { '5xx': 'fail' }, verdict: 'fail' },
    { name: 'a token that ran out', status: 401, onStatus: { '4xx': 'ignore' }, verdict: 'renew' },
    {
      name: '401 after that',
      status: 401,
      onStatus: { '4xx': 'ignore' },
      canRenew: false,
      verdict: 'fail',
    },
    { name: '401 after that, no word', status: 401, onStatus: {}, canRenew: false, verdict: 'fail' },
    { name: '401 itself', status: 401, onStatus: { 401: 'ignore' }, verdict: 'ignore' },
    { name: 'a good status', status: 204, onStatus: { 204: 'ignore' }, verdict: 'ignore' },
  ])('$name: $verdict', ({ status, onStatus, canRenew = true, verdict }) => {
    expect(judgeAnswer(status, onStatus, canRenew)).toBe(verdict);
  });
});
