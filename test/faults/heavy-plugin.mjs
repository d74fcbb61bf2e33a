// A plug-in that misbehaves when told so by files beside the configuration:
// `block` (milliseconds) holds the thread up once; `ballast` (MiB) keeps the heap that full until it is deleted;
// `cost` (milliseconds) makes every lookup busy for so long.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { VipLookup } from 'smartrouting-vip/plugin-api';

class NoOptions {}

export class Heavy {
  #ballast = [];
  #looked = 0;
  #costMs = 0;

  constructor(context) {
    this.path = (name) => context.resolvePath(name);
  }

  async lookup() {
    if (this.#looked++ % 20 === 0) this.#obey();
    busy(this.#costMs);
    return null;
  }

  async check() {
    return { status: 'up' };
  }

  #obey() {
    const block = this.path('block');
    if (existsSync(block)) {
      const ms = Number(readFileSync(block, 'utf8'));
      rmSync(block);
      busy(ms);
    }
    const cost = this.path('cost');
    this.#costMs = existsSync(cost) ? Number(readFileSync(cost, 'utf8')) : 0;
    const ballast = this.path('ballast');
    this.#carry(existsSync(ballast) ? Number(readFileSync(ballast, 'utf8')) : 0);
  }

  #carry(mebibytes) {
    if (mebibytes === 0) this.#ballast = [];
    // What is garbage counts as used as well, so there is room for more after a while.
    while (getHeapStatistics().used_heap_size < mebibytes * 2 ** 20) {
      this.#ballast.push(Array.from({ length: 16_384 }, (_, index) => index + 0.5));
    }
  }
}

function busy(ms) {
  for (const startedMs = performance.now(); performance.now() - startedMs < ms;);
}

VipLookup({ kind: 'heavy', options: NoOptions })(Heavy);
