import { Module } from '@nestjs/common';
import { StaticFileProvider } from './static-file.provider.js';

/** Makes the kind `static-file` known to the service. */
@Module({ providers: [StaticFileProvider] })
export class StaticFileModule {}
