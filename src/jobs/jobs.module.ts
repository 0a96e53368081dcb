import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConfigHistoryModule } from '../config-history/config-history.module.js';
import { ExtractionModule } from '../extraction/extraction.module.js';
import { MetricsModule } from '../http/metrics.module.js';
import { LoaderModule } from '../loader/loader.module.js';
import { SchemaModule } from '../schema/schema.module.js';
import { CancelWatch } from './cancel-watch.js';
import { CronJobs } from './cron-jobs.js';
import { FetchSteps } from './fetch-steps.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { LeftoverSweep } from './leftover-sweep.js';
import { LoadSteps } from './load-steps.js';
import { LookOut } from './look-out.js';
import { Monitor } from './monitor.entity.js';
import { MonitorsController } from './monitors.controller.js';
import { MonitorsService } from './monitors.service.js';
import { OrphanedRuns } from './orphaned-runs.js';
import { PipelinesService } from './pipelines.service.js';
import { PlanLoads } from './plan/plan-loads.js';
import { PlanPipeline } from './plan/plan-pipeline.js';
import { PlanWalks } from './plan/plan-walks.js';
import { PlanWorld } from './plan/plan-world.js';
import { Plan } from './plan/plan.entity.js';
import { PlannedConfigs } from './plan/planned-configs.js';
import { PlannedRuns } from './plan/planned-runs.js';
import { PlansController } from './plan/plans.controller.js';
import { PlansService } from './plan/plans.service.js';
import { QueueGauges } from './queue-gauges.js';
import { ReplayRejects } from './replay-rejects.js';
import { ReplaySteps } from './replay-steps.js';
import { ReplayController } from './replay.controller.js';
import { ReplayService } from './replay.service.js';
import { ResetController } from './reset.controller.js';
import { ResetService } from './reset.service.js';
import { RetentionSweep } from './retention-sweep.js';
import { RetentionService } from './retention.service.js';
import { RunAttempts } from './run-attempts.js';
import { RunEventsController } from './run-events.controller.js';
import { RunEvent } from './run-event.entity.js';
import { RunFeed } from './run-feed.js';
import { RunJournals } from './run-journals.js';
import { RunLogs } from './run-logs.js';
import { RunLogsController } from './run-logs.controller.js';
import { RunMetrics } from './run-metrics.js';
import { RunNews } from './run-news.js';
import { RunPipeline } from './run-pipeline.js';
import { RunQueue } from './run-queue.js';
import { RunResults } from './run-results.js';
import { RunWorker } from './run-worker.js';
import { Run } from './run.entity.js';
import { RunsController } from './runs.controller.js';
import { RunsService } from './runs.service.js';
import { ScheduleSlots } from './schedule-slots.js';
import { Schedule } from './schedule.entity.js';
import { SchedulesController } from './schedules.controller.js';
import { SchedulesService } from './schedules.service.js';
import { SchemaChangesController } from './schema-changes.controller.js';
import { SentKeys } from './sent-keys.js';
import { SetAsideFile } from './set-aside-file.entity.js';
import { SetAsideFiles } from './set-aside-files.js';
import { StageFresh } from './stage-fresh.js';
import { StageSteps } from './stage-steps.js';
import { StageStream } from './stage-stream.js';
import { StreamLooks } from './stream-looks.js';
import { ChildSteps } from './child-steps.js';
import { CarrySteps } from './carry-steps.js';
import { ChangeSteps } from './change-steps.js';
import { KeepSteps } from './keep-steps.js';
import { OutputSteps } from './output-steps.js';
import { StreamWalker } from './stream-walker.js';
import { SweepLock } from './sweep-lock.js';
import { TransformWalker } from './transform-walker.js';
import { TriggerController } from './trigger.controller.js';
import { TriggerService } from './trigger.service.js';
import { WorkerPresence } from './worker-presence.js';

/** Runs, their queue, and what starts them: triggers, schedules, monitors. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Run, RunEvent, IdempotencyKey, SetAsideFile, Schedule, Monitor, Plan]),
    ScheduleModule.forRoot(),
    ConfigHistoryModule,
    ExtractionModule,
    SchemaModule,
    LoaderModule,
    MetricsModule,
  ],
  controllers: [
    TriggerController,
    PlansController,
    RunsController,
    RunEventsController,
    ReplayController,
    ResetController,
    SchemaChangesController,
    RunLogsController,
    SchedulesController,
    MonitorsController,
  ],
  providers: [
    PipelinesService,
    RunsService,
    RunResults,
    RunFeed,
    RunNews,
    SentKeys,
    PlannedConfigs,
    PlanWorld,
    PlanWalks,
    PlanLoads,
    PlanPipeline,
    PlansService,
    PlannedRuns,
    TriggerService,
    ReplayService,
    ResetService,
    RunQueue,
    WorkerPresence,
    OrphanedRuns,
    RunJournals,
    RunLogs,
    RunMetrics,
    QueueGauges,
    SetAsideFiles,
    StreamLooks,
    StageSteps,
    LoadSteps,
    CarrySteps,
    ChangeSteps,
    OutputSteps,
    KeepSteps,
    ChildSteps,
    FetchSteps,
    StageFresh,
    StageStream,
    StreamWalker,
    TransformWalker,
    RunPipeline,
    ReplaySteps,
    ReplayRejects,
    RunAttempts,
    CancelWatch,
    LeftoverSweep,
    RunWorker,
    ScheduleSlots,
    SchedulesService,
    CronJobs,
    MonitorsService,
    LookOut,
    SweepLock,
    RetentionSweep,
    RetentionService,
  ],
})
export class JobsModule {}
