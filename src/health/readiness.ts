import { Injectable } from '@nestjs/common';

/** Whether this instance wants calls: not yet while starting, no longer before it stops. */
@Injectable()
export class Readiness {
  #state: 'starting' | 'ready' | 'stopping' = 'starting';

  get state(): 'starting' | 'ready' | 'stopping' {
    return this.#state;
  }

  ready(): void {
    this.#state = 'ready';
  }

  stopping(): void {
    this.#state = 'stopping';
  }
}
