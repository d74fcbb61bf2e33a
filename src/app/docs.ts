import type { NestExpressApplication } from '@nestjs/platform-express';
import type { RequestHandler } from 'express';
import { getOnly, pageFilesOnly, securePage } from '../http/pages.js';

/**
 * `/docs`, paths below it, and `/docs-json`, matched as Express matches paths: in any case, with or without a slash
 * at the end.
 */
const PAGES = /^\/docs(?:-json)?(?:\/|$)/i;

/**
 * The API page and its document. The code for them takes as long to load as the rest of the service, so it is loaded
 * at the first request for one of them.
 */
export function documentApi(app: NestExpressApplication): void {
  let pages: Promise<RequestHandler> | undefined;
  app.use(['/docs', '/docs-json'], getOnly);
  app.use('/docs', pageFilesOnly, securePage);
  const served: RequestHandler = (request, response, next) => {
    pages ??= import('./docs.pages.js').then(({ apiPages }) => apiPages(app));
    pages.then((handler) => void handler(request, response, next), next);
  };
  app.getHttpAdapter().getInstance().get(PAGES, served);
}
