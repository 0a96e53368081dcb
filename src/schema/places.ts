/** What a stage needs of the engine's memory to spill rather than fail. */
const MB_OF_A_STAGE = 128;

/** What a statement may take of that for its vectors, and what a column that it types takes of them, in each thread. */
const MB_OF_VECTORS = 72;
const MB_OF_A_COLUMN = 0.75;

/** Stages that the engine's memory bears side by side. @param memory such as `256MB` or `2GB` */
export function stagesAtOnce(memory: string): number {
  return Math.max(1, Math.floor(megabytesOf(memory) / MB_OF_A_STAGE));
}

/** Columns that one statement types at most: a wider table is staged in slices. */
export function columnsAtOnce(memory: string, threads: number): number {
  const isSmall = megabytesOf(memory) < MB_OF_A_STAGE;
  const vectors = MB_OF_VECTORS * (isSmall ? megabytesOf(memory) / MB_OF_A_STAGE : 1);
  return Math.max(8, Math.floor(vectors / MB_OF_A_COLUMN / threads));
}

const megabytesOf = (memory: string) => Number.parseInt(memory, 10) * (memory.endsWith('GB') ? 1_000 : 1);

/** Lets in so many at a time; the others wait in the order in which they came. */
export class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** @throws the signal's reason when it aborts before there is a place */
  async take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.free > 0) this.free--;
    else await this.wait(signal);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.waiting.splice(this.waiting.indexOf(enter), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.waiting.push(enter);
    });
  }

  /** Hands the place on. */
  private leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free++;
  }
}
