import { readEnvironment } from './src/config/environment.js';
import { createDataSource } from './src/providers/database/data-source.js';

/** The service's own database (`DATABASE_URL`), for TypeORM's command line: `npm run typeorm -- migration:show`. */
export default createDataSource(readEnvironment().databaseUrl);
