import { configurationIn, startProxy } from './proxy-program.js';
import type { RunningProxy } from './proxy-program.js';

/**
 * Starts a real nginx and waits until it listens.
 * @param servers what stands inside `http { }`: `upstream`s and `server`s; take ports from `freePort()`
 * @param ports of 127.0.0.1 that it is to listen on
 * @throws Error with what nginx wrote
 */
export function startNginx(servers: string, ports: readonly number[]): Promise<RunningProxy> {
  return startProxy({
    name: 'nginx',
    args: (folder) => ['-e', 'stderr', '-p', folder, '-c', configurationIn(folder)],
    configuration: (folder) => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events { }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
${servers}
}
`,
    ports,
  });
}
