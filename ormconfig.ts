import { readEnvironment } from './src/app/environment.js';
import { createDataSource } from './src/database/data-source.js';
import { nodeUrls } from './src/database/url.js';

/** The service's own database (`DATABASE_URL`), its first server, for TypeORM's command line: `npm run typeorm -- migration:show`. */
export default createDataSource(nodeUrls(readEnvironment().databaseUrl)[0]);
