import { CronTime } from 'cron';
import { Timetable } from './timetable.js';

/** Makes a CronJob tick at the moments of the Timetable, which the `cron` package does not find around clock changes. */
export class SlotTime extends CronTime {
  private readonly timetable: Timetable;

  constructor(cron: string, timezone: string) {
    super(cron, timezone);
    this.timetable = new Timetable(cron, timezone);
  }

  override getTimeout(): number {
    const now = Date.now();
    return this.timetable.next(now) - now;
  }
}
