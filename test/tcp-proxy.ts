import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Where the proxy cuts the connection that carries a certain message. */
export type Cut = 'before-server' | 'before-answer';

export interface TcpProxy {
  port: number;
  /** Cuts the next connection whose client sends `text`: before it reaches the server, or when the answer comes. */
  cutAt(text: string, cut: Cut): void;
  close(): Promise<void>;
}

/** Passes bytes between clients and a server on this machine, and loses them when told to. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let order: { text: string; cut: Cut } | null = null;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    let isAnswerLost = false;
    client.on('data', (data) => {
      if (order && data.includes(order.text)) {
        isAnswerLost = order.cut === 'before-answer';
        order = null;
        if (!isAnswerLost) return end();
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => (isAnswerLost ? end() : client.write(data)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cutAt: (text, cut) => (order = { text, cut }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
