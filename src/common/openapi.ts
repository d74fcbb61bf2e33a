import type { Type } from '@nestjs/common';

/**
 * Describes a route for the API page, as decorators would. Their library is loaded with the page, not with the service.
 */
export function describeMethod<T>(
  controller: Type<T>,
  name: string & keyof T,
  ...decorators: MethodDecorator[]
): void {
  const prototype = controller.prototype as object;
  Reflect.decorate(decorators, prototype, name, Object.getOwnPropertyDescriptor(prototype, name));
}
