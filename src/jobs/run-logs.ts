import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import { createRunLogger } from '../http/logging.js';
import { Settings } from '../settings/settings.js';
import { logPath, RunLogFile } from './run-log-file.js';
import type { Run } from './run.entity.js';

/** The logs of the runs that are at work in this process: a file each, beside what stdout shows. */
@Injectable()
export class RunLogs implements OnApplicationShutdown {
  private readonly files = new Map<Logger, RunLogFile>();
  private readonly flush = () => this.files.forEach((file) => file.flushSync());

  constructor(
    private readonly settings: Settings,
    @InjectPinoLogger(RunLogs.name) private readonly logger: PinoLogger,
  ) {
    process.on('exit', this.flush);
  }

  /**
   * A logger each of whose lines tells run, pipeline, attempt, stream and stage. Where a line does not name its stream
   * or its stage it is about the whole run.
   */
  async open(run: Run): Promise<Logger> {
    const { id: runId, pipeline } = run;
    const file = await this.openFile(run);
    const logger = createRunLogger({
      level: this.settings.logLevel,
      file: { write: (line) => file?.write(line) },
      // The attempt is the run's own at that moment: it may be tried again in the same process.
      fields: () => ({
        context: 'Run',
        runId,
        pipeline,
        attempt: run.attempt,
        stream: null,
        stage: 'run',
      }),
    });
    if (file) this.files.set(logger, file);
    return logger;
  }

  /** Writes all that is still to be written of a log and closes its file. */
  async close(log: Logger): Promise<void> {
    const file = this.files.get(log);
    await file?.close();
    this.files.delete(log);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.files.keys()].map((log) => this.close(log)));
    process.off('exit', this.flush);
  }

  /** A run goes on without a file where none can be opened; stdout has its lines all the same. */
  private async openFile(run: Run): Promise<RunLogFile | null> {
    const onTrouble = (error: unknown) =>
      this.logger.warn({ err: error, runId: run.id }, 'the log of the run cannot be written');
    try {
      return await RunLogFile.open(logPath(this.settings.home, run), onTrouble);
    } catch (error) {
      onTrouble(error);
      return null;
    }
  }
}
