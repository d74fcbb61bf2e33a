/** Before it listens, there are no calls in progress. */
let onSignal: (signal: NodeJS.Signals) => void = () => process.exit(0);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal(signal));
/** During the start, the configuration is being read anyway. */
let onHangUp = (): void => undefined;
process.on('SIGHUP', () => onHangUp());

try {
  // Imported only now: loading the frameworks takes a second, during which signals must already be handled.
  const { start } = await import('./app/start.js');
  const running = await start((listening) => {
    // Node waits for the write of a log line before it exits; without a reader that would be forever.
    const exit = async (code: number): Promise<void> => {
      if (await listening.logWritten()) process.exit(code);
      process.kill(process.pid, 'SIGKILL');
      // The kernel does not let the first process of a container kill itself with a signal.
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
