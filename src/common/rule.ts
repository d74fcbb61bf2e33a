import { registerDecorator } from 'class-validator';
import type { ValidationOptions } from 'class-validator';
import type { targetConstructorToSchema } from 'class-validator-jsonschema';

/**
 * JSON Schema (draft-07) of a value, for editors.
 * @since 0.2.0
 */
export type JsonSchema = ReturnType<typeof targetConstructorToSchema>;

/**
 * Says what is wrong with a value and how to fix it, never the value itself: a predicate such as `is not a size.
 * Write …`, or `undefined` if nothing is wrong.
 * @param options the instance that the value belongs to
 * @since 0.2.0
 */
export type Check<Options extends object = object> = (value: unknown, options: Options) => string | undefined;

/** Prefix of the constraint names of these rules. Each rule has a unique name, so that none hides another's message. */
export const RULE = 'rule ';
let count = 0;

/**
 * class-validator decorator whose message is the result of `check`. An absent value is checked, too, unless the
 * property also has `IsOptional`.
 * @param schema JSON Schema of the value, or of each item, if its type does not imply it; a function is called when
 *   the schema is requested
 * @param options `{ each: true }` checks every item of a list; another rule checks that it is a list
 * @since 0.2.0
 */
export function Rule<Options extends object>(
  check: Check<Options>,
  schema?: JsonSchema | (() => JsonSchema),
  options: ValidationOptions = {},
): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: `${RULE}${count++}`,
      target: target.constructor,
      propertyName: property as string,
      constraints: [check, schema],
      options,
      validator: {
        validate: (value: unknown, args) => check(value, args!.object as Options) === undefined,
        // class-validator reports the whole list, even if only one of its items is wrong.
        defaultMessage: (args) => {
          const value: unknown = args!.value;
          const items: unknown[] =
            options.each && Array.isArray(value) ? [...(value as unknown[]), value] : [value];
          return items.map((item) => check(item, args!.object as Options)).find((problem) => problem) ?? '';
        },
      },
    });
}
