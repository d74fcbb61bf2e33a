// Loaded into a process of a test, so that its memory can be measured without what is only not collected yet.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
// What is held by what is only weakly held goes one round later.
process.on('SIGUSR2', () => {
  for (let rounds = 0; rounds < 3; rounds++) collectGarbage();
});
