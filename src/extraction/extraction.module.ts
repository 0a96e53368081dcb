import { HttpModule } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Settings } from '../settings/settings.js';
import { AddressGuard } from './api/http/address-guard.js';
import { ApiRate } from './api/session/api-rate.entity.js';
import { ApiSessions } from './api/session/api-sessions.js';
import { ApiToken } from './api/auth/api-token.entity.js';
import { HostRates } from './api/session/host-rates.js';
import { ApiClient } from './api/http/http-client.js';
import { ApiTokens } from './api/auth/kept-tokens.js';
import { ExtractionService } from './extraction.service.js';
import { FileLook } from './file-look.entity.js';
import { FileLooks } from './file-looks.js';

@Module({
  imports: [HttpModule.register({}), TypeOrmModule.forFeature([FileLook, ApiToken, ApiRate])],
  providers: [
    ExtractionService,
    FileLooks,
    ApiClient,
    ApiTokens,
    HostRates,
    ApiSessions,
    {
      provide: AddressGuard,
      inject: [Settings],
      useFactory: ({ apiHosts }: Settings) => new AddressGuard(apiHosts),
    },
  ],
  exports: [ExtractionService],
})
export class ExtractionModule {}
