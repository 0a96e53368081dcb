import type { Random } from './random.js';
import type { SoakStream } from './streams.js';
import type { World } from './world.js';

/** One kind of thing that the nemesis does. A new kind is an entry in one of the tables of actions. */
export interface Action {
  name: string;
  /** How likely it is, beside the others of its table. */
  weight: number;
  act(world: World, random: Random): Promise<void>;
}

/** What it does to the files of a stream. */
export interface FileAction {
  name: string;
  weight: number;
  act(world: World, at: { stream: SoakStream; random: Random }): Promise<void>;
}
