import { TerminalError } from '../errors.js';

/** The pipeline, or that version of it, is not in the history. */
export class ConfigNotFound extends TerminalError {
  constructor(pipeline: string, version?: number) {
    const name = JSON.stringify(pipeline.slice(0, 80));
    const what =
      version === undefined
        ? `expected a pipeline that was uploaded, got ${name}`
        : `expected a version of pipeline ${name} that exists, got ${version}`;
    super('CONFIG_NOT_FOUND', what, [
      { path: version === undefined ? 'pipeline' : 'version', message: what },
    ]);
  }
}
