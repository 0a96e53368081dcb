import { describe, expect, it } from '@jest/globals';
import { AddressGuard, isPublicAddress } from './address-guard.js';

describe('isPublicAddress', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.215.14',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '198.17.0.1',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:82a::200e',
    '::ffff:8.8.8.8',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ['0.0.0.0', 'this network'],
    ['0.1.2.3', 'this network'],
    ['10.0.0.1', 'private'],
    ['100.64.0.1', 'carrier-grade NAT'],
    ['100.127.255.254', 'carrier-grade NAT'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.169.254', 'link-local, metadata'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.192', 'IETF, metadata'],
    ['192.0.2.1', 'documentation'],
    ['192.88.99.1', '6to4 relay'],
    ['192.168.1.1', 'private'],
    ['198.18.0.1', 'benchmarking'],
    ['198.19.255.255', 'benchmarking'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.250', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::127.0.0.1', 'IPv4-compatible'],
    ['::8.8.8.8', 'IPv4-compatible'],
    ['::ffff:127.0.0.1', 'IPv4-mapped'],
    ['::ffff:a9fe:a9fe', 'IPv4-mapped'],
    ['::ffff:0:8.8.8.8', 'IPv4-translated'],
    ['64:ff9b::8.8.8.8', 'NAT64'],
    ['64:ff9b:1::1', 'local NAT64'],
    ['100::1', 'discard'],
    ['2001::1', 'Teredo'],
    ['2001:2::1', 'benchmarking'],
    ['2001:db8::1', 'documentation'],
    ['2002:7f00:1::', '6to4'],
    ['2002:808:808::', '6to4'],
    ['3fff::1', 'documentation'],
    ['4000::1', 'not given to anyone'],
    ['5f00::1', 'segment routing'],
    ['fc00::1', 'unique local'],
    ['fd00:ec2::254', 'unique local, metadata'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['', 'nothing'],
    ['api.example.com', 'a name'],
  ])('%s is not public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('AddressGuard', () => {
  const isAllowed = (listed: string[], url: string) => {
    try {
      new AddressGuard(listed).check(new URL(url));
      return true;
    } catch {
      return false;
    }
  };

  it.each([
    [['127.0.0.1'], 'http://127.0.0.1/', true],
    [['127.0.0.1'], 'http://127.1:8080/', true],
    [['127.0.0.1:8080'], 'http://127.0.0.1:8080/', true],
    [['127.0.0.1:8080'], 'http://127.0.0.1/', false],
    [['127.0.0.1:80'], 'http://127.0.0.1/', true],
    [['127.0.0.1:443'], 'https://127.0.0.1/', true],
    [['127.0.0.1:80'], 'https://127.0.0.1/', false],
    [['127.0.0.1'], 'http://127.0.0.2/', false],
    [['127.0.0.1'], 'http://[::ffff:127.0.0.1]/', false],
    [['[::1]'], 'http://[0:0::1]:99/', true],
    [['[::1]:99'], 'http://[::1]:99/', true],
    [['[::1]:99'], 'http://[::1]:98/', false],
    [[], 'http://1.1.1.1/', true],
    [[], 'http://10.0.0.1/', false],
    [['*.0.0.1'], 'http://x.example/', true],
  ])('with %j listed, %s may be called: %s', (listed, url, expected) => {
    expect(isAllowed(listed, url)).toBe(expected);
  });

  it.each([
    ['api.internal', 80, ['api.internal'], true],
    ['api.internal', 8080, ['api.internal:80'], false],
    ['a.corp', 80, ['*.corp'], true],
    ['a.b.corp', 80, ['*.corp'], true],
    ['corp', 80, ['*.corp'], false],
    ['evilcorp', 80, ['*.corp'], false],
    ['corp.evil.example', 80, ['*.corp'], false],
    ['api.internal.evil.example', 80, ['api.internal'], false],
    ['api.internal.', 80, ['api.internal'], false],
    ['x.example', 80, ['127.0.0.1'], false],
  ])('a name at a private address, %s port %i with %j listed: %s', (host, port, listed, expected) => {
    const guard = new AddressGuard(listed);
    const check = () => guard.checkAddress(host, port, '127.0.0.1');
    if (expected) expect(check).not.toThrow();
    else expect(check).toThrow('MILLRACE_API_HOSTS');
  });

  it.each([
    'file:///etc/passwd',
    'ftp://1.1.1.1/',
    'data:,x',
    'javascript:1',
    'gopher://1.1.1.1/',
    'ws://1.1.1.1/',
  ])('refuses %s', (url) => {
    expect(isAllowed(['1.1.1.1'], url)).toBe(false);
  });

  it('refuses a user in the URL and does not show the password', () => {
    const check = () => new AddressGuard([]).check(new URL('http://user:hidden@1.1.1.1/path?key=hidden'));
    expect(check).toThrow('http://1.1.1.1/path: expected an http or https URL without user and password');
  });

  it('says the same for every host that it refuses', () => {
    const faultOf = (url: string) => {
      try {
        new AddressGuard([]).check(new URL(url));
        return '';
      } catch (error) {
        return (error as Error).message.replace(/^\S+/, '');
      }
    };
    const faults = ['http://127.0.0.1', 'http://10.0.0.1', 'http://169.254.169.254', 'http://[fe80::1]'].map(
      faultOf,
    );
    expect(new Set(faults).size).toBe(1);
    expect(faults[0]).toContain('MILLRACE_API_HOSTS');
  });
});
