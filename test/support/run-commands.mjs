// Runs commands of the command line one after another, each as if it were a process of its own; see command-line.ts.

const [, , program] = process.argv;
const loading = import(program);

const STREAMS = ['stdout', 'stderr'];
const write = Object.fromEntries(STREAMS.map((name) => [name, process[name].write]));

process.on('message', async ({ args, env }) => {
  const { run } = await loading;
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  const told = { stdout: '', stderr: '' };
  for (const name of STREAMS) {
    process[name].write = (chunk, ...more) => {
      told[name] += chunk;
      more.find((one) => typeof one === 'function')?.();
      return true;
    };
  }
  const code = await run(args);
  for (const name of STREAMS) process[name].write = write[name];
  process.send({ code, ...told });
});
