import type { NestExpressApplication } from '@nestjs/platform-express';
import type { RequestHandler } from 'express';
import { getOnly, pageFilesOnly, securePage } from '../http/pages.js';

/** `/docs`, what is below it, and `/docs-json`, as Express reads other paths: in any case, with a slash at the end. */
const PAGES = /^\/docs(?:-json)?(?:\/|$)/i;

/**
 * The API page and its document. What makes them takes as long to load as the rest of the service, so it is loaded when
 * the first of them is asked for.
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
