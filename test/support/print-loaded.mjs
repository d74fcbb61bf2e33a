/** To be imported before a program: prints on standard error, when it ends, the packages of OpenTelemetry that it has loaded. */
import Module from 'node:module';

process.on('exit', () => {
  const packages = Object.keys(Module._cache).map((file) => /@opentelemetry\/[^/]+/.exec(file)?.[0]);
  process.stderr.write(`${JSON.stringify([...new Set(packages)].filter(Boolean).sort())}\n`);
});
