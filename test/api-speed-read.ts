import { Agent, get } from 'node:http';

// Reads the pages and throws them away.
const [origin = '', pages = '0', parallel = '1'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(parallel) });

function read(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () => resolve(bytes));
      response.on('error', reject);
    }).on('error', reject);
  });
}

let next = 0;
async function lane(): Promise<void> {
  for (let page = next++; page < Number(pages); page = next++) {
    if ((await read(`${origin}/${pages}?offset=${page * 100}&limit=100`)) === 0)
      throw new Error('got an empty page');
  }
}

const before = process.cpuUsage();
const started = performance.now();
await Promise.all(Array.from({ length: Number(parallel) }, lane));
const ms = performance.now() - started;
const { user, system } = process.cpuUsage(before);
const cpu = (user + system) / 1000;
const rss = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ ms, cpu, rss, records: Number(pages) * 100 }));
agent.destroy();
