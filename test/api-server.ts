import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';

export interface SeenRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface ApiServer {
  origin: string;
  port: number;
  /** Every request that reached it, in order, with its body. */
  seen: SeenRequest[];
  /** Connections that are open now. */
  connections(): number;
  /** Connections that were ever made. */
  connected(): number;
  close(): Promise<void>;
}

/** An HTTP server on loopback that writes down what it was asked. `answer` is called when the request's body is there. */
export async function startApiServer(
  answer: RequestListener,
  host = '127.0.0.1',
  port = 0,
): Promise<ApiServer> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const entry: SeenRequest = { method, url, headers, body: '' };
    seen.push(entry);
    try {
      for await (const chunk of request) entry.body += String(chunk);
    } catch {
      return;
    }
    answer(request, response);
  });
  return { ...(await listen(server, host, port)), seen };
}

/** A TCP server on loopback for answers that no HTTP server gives. `answer` gets the head of each request. */
export async function startRawServer(
  answer: (socket: Socket, head: string) => void,
): Promise<Omit<ApiServer, 'seen'>> {
  const server = createTcpServer((socket) => {
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      head += data.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      const request = head;
      head = '';
      answer(socket, request);
    });
  });
  return listen(server, '127.0.0.1', 0);
}

async function listen(server: Server | TcpServer, host: string, port: number) {
  const sockets = new Set<Socket>();
  let connected = 0;
  server.on('connection', (socket: Socket) => {
    connected += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    connections: () => sockets.size,
    connected: () => connected,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
