import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, Repository } from 'typeorm';
import { FileLook } from './file-look.entity.js';

const batchSize = 1_000;

/** Remembers what files were, so that an unchanged file costs no read. */
@Injectable()
export class FileLooks {
  constructor(@InjectRepository(FileLook) private readonly looks: Repository<FileLook>) {}

  /** The looks at these absolute paths, by path. */
  async find(paths: string[]): Promise<Map<string, FileLook>> {
    const found = new Map<string, FileLook>();
    for (let from = 0; from < paths.length; from += batchSize) {
      const batch = await this.looks.findBy({ path: Any(paths.slice(from, from + batchSize)) });
      for (const look of batch) found.set(look.path, look);
    }
    return found;
  }

  async remember(looks: FileLook[]): Promise<void> {
    for (let from = 0; from < looks.length; from += batchSize) {
      await this.looks.upsert(looks.slice(from, from + batchSize), ['path']);
    }
  }
}
