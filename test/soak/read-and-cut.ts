import { get } from 'node:http';

/**
 * Begins to read and hangs up after a while, whatever has come by then.
 * @returns the status of the answer, or 'none'
 */
export async function readAndCut(url: string, { afterMs }: { afterMs: number }): Promise<number | 'none'> {
  const headers = { accept: 'text/event-stream, text/csv, */*' };
  return new Promise((resolve) => {
    let status: number | 'none' = 'none';
    const request = get(url, { headers, agent: false }, (response) => {
      status = response.statusCode ?? 'none';
      response.on('error', () => {});
      response.resume();
    });
    request.on('error', () => {});
    request.on('close', () => resolve(status));
    setTimeout(() => request.destroy(), afterMs);
  });
}
