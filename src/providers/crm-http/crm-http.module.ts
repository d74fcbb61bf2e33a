import { Module } from '@nestjs/common';
import { CrmHttpProvider } from './crm-http.provider.js';

/** Registers the kind `crm-http`: any JSON API over HTTP. */
@Module({ providers: [CrmHttpProvider] })
export class CrmHttpModule {}
