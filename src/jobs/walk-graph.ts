/** How nodes are walked that need each other. */
export interface GraphWalk {
  /** For each node the nodes that must come before it. No cycles. */
  needs: readonly (readonly number[])[];
  /** The nodes in the order in which they are begun where they may. */
  order: readonly number[];
  /** Nodes that are walked side by side at most. */
  limit: number;
  /**
   * Walks one node; false: it failed, and those that need it are skipped. What it throws ends the whole walk: no other
   * node is begun, those under way are waited for.
   */
  walk(node: number): Promise<boolean>;
  /** @param parent the first node it needs that failed or was skipped */
  skip(node: number, parent: number): Promise<void>;
}

/** Walks all nodes, each after those that it needs; resolves when nothing is under way any more. */
export async function walkGraph(graph: GraphWalk): Promise<void> {
  const waiting = new Set(graph.order);
  const ends = new Map<number, 'walked' | 'lost'>();
  const underWay = new Map<number, Promise<void>>();
  const thrown: unknown[] = [];
  const begin = (node: number) => {
    waiting.delete(node);
    const end = graph
      .walk(node)
      .then((isWalked) => void ends.set(node, isWalked ? 'walked' : 'lost'))
      .catch((error: unknown) => void thrown.push(error))
      .finally(() => underWay.delete(node));
    underWay.set(node, end);
  };
  do {
    if (thrown.length === 0) await skipLost(graph, waiting, ends);
    for (const node of waiting) {
      if (thrown.length > 0 || underWay.size >= graph.limit) break;
      if (graph.needs[node]!.every((need) => ends.get(need) === 'walked')) begin(node);
    }
    if (underWay.size > 0) await Promise.race(underWay.values());
  } while (underWay.size > 0 || (thrown.length === 0 && waiting.size > 0));
  if (thrown.length > 0) throw thrown[0];
}

/** In the order of the graph a node comes after all that it needs, so that one pass finds those of the last row, too. */
async function skipLost(
  { order, needs, skip }: GraphWalk,
  waiting: Set<number>,
  ends: Map<number, 'walked' | 'lost'>,
): Promise<void> {
  for (const node of order) {
    const parent = waiting.has(node) ? needs[node]!.find((need) => ends.get(need) === 'lost') : undefined;
    if (parent === undefined) continue;
    waiting.delete(node);
    ends.set(node, 'lost');
    await skip(node, parent);
  }
}
