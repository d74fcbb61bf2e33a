/** sysexits.h EX_CONFIG: something is wrong with the configuration. */
const EXIT_CONFIG = 78;
/** Why listening fails -> the key whose value is at fault. */
const AT_FAULT: Readonly<Record<string, string | undefined>> = {
  EADDRINUSE: 'port',
  EACCES: 'port',
  EADDRNOTAVAIL: 'host',
  ENOTFOUND: 'host',
};

/** Before it listens there are no calls in hand. */
let onSignal: (signal: NodeJS.Signals) => void = () => process.exit(0);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal(signal));
/** What is read while starting is new enough. */
let onHangUp = (): void => undefined;
process.on('SIGHUP', () => onHangUp());

try {
  // Imported only now: loading the frameworks takes a second, in which a signal must find its handler.
  const { start } = await import('./app.start.js');
  const running = await start((listening) => {
    // Node waits for the write of a log line before it exits, and with nobody to read it that would be for ever.
    const exit = async (code: number): Promise<void> => {
      if (await listening.logWritten()) process.exit(code);
      process.kill(process.pid, 'SIGKILL');
      // The kernel does not let the first process of a container kill itself that way.
      process.abort();
    };
    onSignal = (signal) => {
      onSignal = () => void exit(1);
      void listening.stop(signal !== 'SIGTERM').then(() => exit(0));
    };
  });
  onHangUp = () => running.reload();
} catch (error) {
  const { name, code, message, section } = error as NodeJS.ErrnoException & { section?: string };
  const key = AT_FAULT[code ?? ''];
  if (name === 'ConfigError') console.error(message);
  else if (key !== undefined) {
    const setting = section
      ? `${section}.${key}`
      : `server.${key}, or ${key.toUpperCase()} in the environment`;
    const rights = code === 'EACCES' ? ', or give the process CAP_NET_BIND_SERVICE for one below 1024' : '';
    console.error(`Cannot listen (${code}): ${message}. Set another ${setting}${rights}.`);
  } else console.error(error);
  process.exit(name === 'ConfigError' ? EXIT_CONFIG : 1);
}

export {};
