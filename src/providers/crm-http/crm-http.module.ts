import { Module } from '@nestjs/common';
import { CrmHttpProvider } from './crm-http.provider.js';

/** Makes the kind `crm-http` known to the service: any JSON API over HTTP. */
@Module({ providers: [CrmHttpProvider] })
export class CrmHttpModule {}
