import type { CanActivate } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { LoadMeter } from '../observability/load-meter.js';

/** A call was shed because of too many others; it is answered 204 with the reason `overloaded`. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

/** One for all, since making an error takes longer than the answer. */
const OVERLOADED = new Overloaded('overloaded');

/** Sheds calls at the door, before their body is read, when there are more than can be decided in time. */
@Injectable()
export class LoadGuard implements CanActivate {
  constructor(private readonly meter: LoadMeter) {}

  canActivate(): true {
    if (this.meter.mustShed()) throw OVERLOADED;
    return true;
  }
}
