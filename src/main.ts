/** Before it listens there are no calls in hand. */
let onSignal: (signal: NodeJS.Signals) => void = () => process.exit(0);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal(signal));
/** What is read while starting is new enough. */
let onHangUp = (): void => undefined;
process.on('SIGHUP', () => onHangUp());

try {
  // Imported only now: loading the frameworks takes a second, in which a signal must find its handler.
  const { start } = await import('./app/start.js');
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
  const { startFailure } = await import('./app/start-failure.js');
  const { exitCode, text } = startFailure(error);
  console.error(text);
  process.exit(exitCode);
}
