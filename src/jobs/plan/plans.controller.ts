import {
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { ApiNoContentResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { UploadedYaml } from '../../config-history/read-upload.js';
import { ApiProblem } from '../../http/api-problem.js';
import { ApiPlan, ApiPlanAnswer } from './api-plan.js';
import { type PlanDto, PlanQueryDto, toPlanDto } from './plan.dto.js';
import type { Plan } from './plan.entity.js';
import { PATIENCE_MS } from './plan-times.js';
import { PlansService } from './plans.service.js';
import { printPlan } from './print-plan.js';
import { readPatience, readPlanWish } from './read-plan-wish.js';

const UPLOAD_LIMITS = { fileSize: 1024 * 1024, files: 1, fields: 5, parts: 6, fieldSize: 1024 };
const ID = { name: 'id', format: 'uuid', description: 'The `planId` that `POST /plan` answered' };

@ApiTags('plans')
@ApiProblem(401, 'The API key is missing or wrong')
@ApiProblem(503, 'A database or an API does not answer, or two other plans are at work')
@Controller()
export class PlansController {
  constructor(private readonly plans: PlansService) {}

  @Post('plan')
  @HttpCode(200)
  @ApiPlan()
  @UseInterceptors(FileInterceptor('file', { limits: UPLOAD_LIMITS }))
  async plan(
    @Query() query: PlanQueryDto,
    @UploadedFile() file: UploadedYaml | undefined,
    @Headers('prefer') prefer: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PlanDto | string> {
    const { id } = await this.plans.begin(readPlanWish(request, file));
    const patience = readPatience(prefer, PATIENCE_MS);
    // Nobody knows the id of a plan whose client goes away before the answer.
    const cancel = () => response.writableFinished || void this.plans.remove(id).catch(() => {});
    response.once('close', cancel);
    if (response.closed) cancel();
    const plan = await this.plans.ended(id, patience);
    if (plan.state === 'running') response.status(202).location(`/plans/${id}`);
    return answer(plan, query, response);
  }

  @Get('plans/:id')
  @ApiOperation({ summary: 'A plan', description: 'Kept for a day.' })
  @ApiParam(ID)
  @ApiPlanAnswer()
  @ApiProblem(400, '`format` is wrong')
  @ApiProblem(404, 'There is no such plan, or it is older than a day')
  async get(
    @Param('id') id: string,
    @Query() query: PlanQueryDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PlanDto | string> {
    return answer(await this.plans.get(id), query, response);
  }

  @Delete('plans/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Cancel a plan that is being made, and forget it' })
  @ApiParam(ID)
  @ApiNoContentResponse({ description: 'There is no such plan any more' })
  @ApiProblem(404, 'There is no such plan')
  async remove(@Param('id') id: string): Promise<void> {
    await this.plans.remove(id);
  }
}

function answer(plan: Plan, { format }: PlanQueryDto, response: Response): PlanDto | string {
  response.vary('Accept').setHeader('Cache-Control', 'no-store');
  const isText = format === 'text' || (!format && response.req.accepts(['json', 'text']) === 'text');
  if (!isText) return toPlanDto(plan);
  response.type('text/plain; charset=utf-8');
  return printPlan(plan);
}
