import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Post, UploadedFile, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FileInterceptor, type NestExpressApplication } from '@nestjs/platform-express';
import { Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { parseSettings } from '../settings/parse-settings.js';
import { SettingsModule } from '../settings/settings.module.js';
import { configureHttp } from './configure-http.js';
import { Public } from './public.js';
import { RestModule } from './rest.module.js';

class ItemDto {
  @IsInt()
  size: number;
}

class ProbeDto {
  @IsString()
  name: string;

  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items: ItemDto[];
}

@Controller('probe')
class ProbeController {
  @Get()
  read(): string {
    return 'read';
  }

  @Public()
  @Get('open')
  readOpen(): string {
    return 'open';
  }

  @Get('broken')
  fail(): never {
    throw new Error('secret inside');
  }

  @Post()
  write(@Body() body: ProbeDto): ProbeDto {
    return body;
  }

  @Post('yaml')
  writeYaml(@Body() body: unknown): string {
    return Buffer.isBuffer(body) ? body.toString('hex') : typeof body;
  }

  @Post('file')
  @UseInterceptors(FileInterceptor('file', { limits: { fileSize: 10 } }))
  upload(@UploadedFile() file: { size: number }): number {
    return file.size;
  }
}

const key = 'key-of-this-test';
const settings = parseSettings({ API_KEY: key });

@Module({ imports: [SettingsModule.register(settings), RestModule], controllers: [ProbeController] })
class ProbeModule {}

let app: NestExpressApplication;
let url: string;
beforeAll(async () => {
  app = await NestFactory.create<NestExpressApplication>(ProbeModule, { bodyParser: false, logger: false });
  configureHttp(app, settings);
  await app.listen(0, '127.0.0.1');
  url = `${await app.getUrl()}/probe`;
});
afterAll(() => app.close());

const withKey = { 'x-api-key': key };

describe('the API key', () => {
  const cases: [string, string, Record<string, string>, number][] = [
    ['lets x-api-key in', '', withKey, 200],
    ['lets a bearer token in', '', { authorization: `Bearer ${key}` }, 200],
    ['knows the scheme in any case', '', { authorization: `bearer ${key}` }, 200],
    ['is missing', '', {}, 401],
    ['is another one', '', { 'x-api-key': `${key}x` }, 401],
    ['is the beginning of the right one', '', { 'x-api-key': key.slice(0, -1) }, 401],
    ['is empty', '', { 'x-api-key': '' }, 401],
    ['comes under another scheme', '', { authorization: `Basic ${key}` }, 401],
    ['is not needed where a call is public', '/open', {}, 200],
  ];
  it.each(cases)('%s', async (_name, path, headers, status) => {
    const response = await fetch(url + path, { headers });
    expect(response.status).toBe(status);
  });

  it('is asked for by a problem that does not show it', async () => {
    const response = await fetch(url, { headers: { 'x-api-key': 'guess-42' } });
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="millrace"');
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.text()).not.toContain('guess-42');
  });
});

describe('bodies', () => {
  const json = { ...withKey, 'content-type': 'application/json' };
  const post = (body: unknown) => fetch(url, { method: 'POST', headers: json, body: JSON.stringify(body) });

  it('pass when they are what the call takes', async () => {
    const body = { name: 'a', items: [{ size: 1 }] };
    const response = await post(body);
    expect(await response.json()).toEqual(body);
  });

  it('are answered with every fault and its path', async () => {
    const response = await post({ name: 1, items: [{ size: 1 }, { size: 'x', more: 2 }], item: 3 });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: expect.arrayContaining([
        { path: 'name', message: 'name must be a string, got 1' },
        { path: 'items[1].size', message: 'size must be an integer number, got "x"' },
        { path: 'items[1].more', message: 'expected one of size, got "more"' },
        { path: 'item', message: 'expected one of name, items, got "item"; did you mean items?' },
      ]),
    });
  });

  it.each(['application/yaml', 'text/yaml; charset=utf-8'])('of %s arrive as bytes', async (type) => {
    const body = Buffer.from([0x61, 0x0d, 0x0a, 0xff]);
    const headers = { ...withKey, 'content-type': type };
    const response = await fetch(`${url}/yaml`, { method: 'POST', headers, body });
    expect(await response.text()).toBe('610d0aff');
  });

  const uploads: [string, string, number, string, string][] = [
    ['over the limit', 'file', 413, 'PAYLOAD_TOO_LARGE', 'too large'],
    ['of another field', 'other', 400, 'INVALID_REQUEST', 'form field "file", got a file in "other"'],
  ];
  it.each(uploads)('with a file %s are problems', async (_name, field, status, code, says) => {
    const form = new FormData();
    form.set(field, new Blob(['a'.repeat(20)]), 'a.yaml');
    const response = await fetch(`${url}/file`, { method: 'POST', headers: withKey, body: form });
    const problem = (await response.json()) as { detail: string };
    expect(problem).toMatchObject({ status, code });
    expect(problem.detail).toContain(says);
  });

  it('that are no form, though they say so, are problems', async () => {
    const headers = { ...withKey, 'content-type': 'multipart/form-data' };
    const response = await fetch(`${url}/file`, { method: 'POST', headers, body: 'x' });
    expect(await response.json()).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
  });
});

describe('an unknown error', () => {
  it('is a 500 that tells nothing but where to look', async () => {
    const headers = { ...withKey, 'x-request-id': 'trace-9' };
    const response = await fetch(`${url}/broken`, { headers });
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL', requestId: 'trace-9' });
  });
});
