import { Body, Controller, Delete, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import {
  ApiBody,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { JsonBodyGuard } from '../http/json-body.guard.js';
import {
  ReplacedScheduleDto,
  ScheduleDto,
  ScheduleJobDto,
  ScheduleListDto,
  toScheduleDto,
} from './schedule.dto.js';
import { SchedulesService } from './schedules.service.js';

@ApiTags('schedules')
@ApiProblem(401, 'The API key is missing or wrong')
@ApiProblem(503, 'The database does not answer')
@Controller()
export class SchedulesController {
  constructor(private readonly schedules: SchedulesService) {}

  @Post('schedule-job')
  @HttpCode(200)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({
    summary: 'Run a pipeline by itself, hourly unless told otherwise',
    description:
      "Replaces the pipeline's earlier schedule in one step. Schedules outlive a restart, and each slot (moment of the " +
      'schedule) is at most one run however many processes there are. A slot is skipped while a run of the pipeline is ' +
      'not over; after a downtime there is one run for all slots in it. The newest config version is used. The body may ' +
      'be left out.',
  })
  @ApiBody({
    type: ScheduleJobDto,
    required: false,
    examples: {
      hourly: { summary: 'Every full hour', value: {} },
      daily: { summary: 'Every day at 6 in Berlin', value: { cron: '0 6 * * *', timezone: 'Europe/Berlin' } },
      office: {
        summary: 'Every 15 minutes of office hours in New York',
        value: { pipeline: 'shop', cron: '*/15 9-17 * * mon-fri', timezone: 'America/New_York' },
      },
      weekly: { summary: 'Every Sunday at midnight', value: { pipeline: 'shop', cron: '@weekly' } },
    },
  })
  @ApiOkResponse({ type: ReplacedScheduleDto, description: 'The schedule is stored and set up' })
  @ApiProblem(400, 'The cron expression, the time zone or the body is wrong')
  @ApiProblem(404, 'There is no such pipeline')
  @ApiProblem(415, 'There is a body, and it is not JSON')
  async replace(@Body() body: ScheduleJobDto): Promise<ReplacedScheduleDto> {
    const { schedule, replaced } = await this.schedules.replace(body);
    return { ...toScheduleDto(schedule), replaced };
  }

  @Get('schedules')
  @ApiOperation({
    summary: 'All schedules',
    description: 'By pipeline, each with the moment of its next run and what became of the last.',
  })
  @ApiOkResponse({ type: ScheduleListDto })
  async list(): Promise<ScheduleListDto> {
    return { items: (await this.schedules.list()).map(toScheduleDto), nextCursor: null };
  }

  @Get('schedules/:pipeline')
  @ApiOperation({
    summary: "A pipeline's schedule",
    description: 'With the moment of its next run and what became of the last.',
  })
  @ApiParam({ name: 'pipeline', example: 'shop' })
  @ApiOkResponse({ type: ScheduleDto })
  @ApiProblem(404, 'The pipeline has no schedule')
  async get(@Param('pipeline') pipeline: string): Promise<ScheduleDto> {
    return toScheduleDto(await this.schedules.get(pipeline));
  }

  @Delete('schedules/:pipeline')
  @HttpCode(204)
  @ApiOperation({
    summary: "End a pipeline's schedule",
    description: 'Runs that were added already are done.',
  })
  @ApiParam({ name: 'pipeline', example: 'shop' })
  @ApiNoContentResponse({ description: 'There is no schedule any more' })
  @ApiProblem(404, 'The pipeline has no schedule')
  remove(@Param('pipeline') pipeline: string): Promise<void> {
    return this.schedules.remove(pipeline);
  }
}
