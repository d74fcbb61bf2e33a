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

/** The same for the properties of a body. */
export function describeProperties<T>(
  body: Type<T>,
  decorators: Readonly<Partial<Record<keyof T, PropertyDecorator>>>,
): void {
  for (const [name, decorate] of Object.entries<PropertyDecorator | undefined>(decorators)) {
    decorate?.(body.prototype as object, name);
  }
}
