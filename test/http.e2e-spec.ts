import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApp, type TestApp } from './support.js';

describe('REST without an API key', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await createApp();
  });
  afterAll(() => service.close());

  it('answers /health', async () => {
    const response = await fetch(`${service.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  });
});
