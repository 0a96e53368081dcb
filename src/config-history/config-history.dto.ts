import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ConfigVersion, VersionOrigin } from './config-version.entity.js';
import type { PipelineConfig } from './pipeline-config.js';

const CHECKSUM = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const CONFIG_EXAMPLE = { pipeline: 'shop', target: null, monitor: { everySeconds: 60 }, streams: [] };

/** What an upload answers. */
export class StoredVersionDto {
  @ApiProperty({ example: 'shop' })
  pipeline: string;

  @ApiProperty({ description: 'Counts up from 1 for each pipeline', example: 1 })
  version: number;

  @ApiProperty({ description: 'SHA-256 of the text, hex', example: CHECKSUM })
  checksum: string;

  @ApiProperty()
  createdAt: Date;
}

/** A version in a list. */
export class ConfigVersionDto extends StoredVersionDto {
  @ApiProperty({ enum: ['upload', 'restore'] })
  origin: VersionOrigin;

  @ApiProperty({ description: 'The version that a restore took its text from', type: Number, nullable: true })
  restoredFrom: number | null;
}

export class ConfigFaultDto {
  @ApiPropertyOptional({ example: 'target.password' })
  path?: string;

  @ApiPropertyOptional({ example: 3 })
  line?: number;

  @ApiPropertyOptional({ example: 13 })
  column?: number;

  @ApiProperty({ example: 'expected the variable TARGET_PASSWORD to be set before a run, it is not set now' })
  message: string;
}

/** What `dryRun=true` answers for a text without a fault. */
export class CheckedConfigDto {
  @ApiProperty({ example: 'shop' })
  pipeline: string;

  @ApiProperty({ description: 'Nothing was stored', example: true })
  dryRun: true;

  @ApiProperty({ description: 'What a run would miss now', type: [ConfigFaultDto] })
  warnings: ConfigFaultDto[];

  @ApiProperty({
    description: 'What the text means, every default filled in',
    type: Object,
    example: CONFIG_EXAMPLE,
  })
  config: PipelineConfig;
}

/** One version, with what its text means. */
export class ConfigDetailDto extends ConfigVersionDto {
  @ApiProperty({
    description:
      'What the text means, every default filled in, secrets masked; null when the text is no longer accepted',
    type: Object,
    nullable: true,
    example: CONFIG_EXAMPLE,
  })
  config: PipelineConfig | null;

  @ApiProperty({ description: 'Why the text is no longer accepted', type: [ConfigFaultDto] })
  faults: ConfigFaultDto[];
}

export class ConfigPageDto {
  @ApiProperty({ type: [ConfigVersionDto] })
  items: ConfigVersionDto[];

  @ApiProperty({
    description: 'Give it as `cursor` to get the next page; null at the end',
    type: String,
    nullable: true,
  })
  nextCursor: string | null;
}

export class ChangedPathDto {
  @ApiProperty({ example: 'streams[0].batch_rows' })
  path: string;

  @ApiPropertyOptional({
    description: 'Absent where the older text does not have it',
    type: Object,
    example: 1000,
  })
  from?: unknown;

  @ApiPropertyOptional({
    description: 'Absent where the newer text does not have it',
    type: Object,
    example: 5000,
  })
  to?: unknown;
}

export class ConfigDiffDto {
  @ApiProperty({ description: 'Unified diff of the texts, secrets masked; empty when they are equal' })
  text: string;

  @ApiProperty({ type: [ChangedPathDto] })
  changes: ChangedPathDto[];
}

export function toStoredVersion({ pipeline, version, checksum, createdAt }: ConfigVersion): StoredVersionDto {
  return { pipeline, version, checksum, createdAt };
}

export function toVersionDto(entry: ConfigVersion): ConfigVersionDto {
  return { ...toStoredVersion(entry), origin: entry.origin, restoredFrom: entry.restoredFrom };
}
