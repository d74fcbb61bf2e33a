import { registerDecorator } from 'class-validator';
import type { ValidationOptions } from 'class-validator';
import type { targetConstructorToSchema } from 'class-validator-jsonschema';

/**
 * JSON Schema (draft-07) of a value, for editors.
 * @since 0.2.0
 */
export type JsonSchema = ReturnType<typeof targetConstructorToSchema>;

/**
 * Says what is wrong with a value and how to mend it, never the value itself: a predicate such as
 * `is not a size. Write …`, or `undefined` when nothing is wrong.
 * @param options the instance that the value belongs to
 * @since 0.2.0
 */
export type Check<Options extends object = object> = (value: unknown, options: Options) => string | undefined;

/** How the names of these rules begin among a class's constraints. Each has its own, so that none hides another's message. */
export const RULE = 'rule ';
let count = 0;

/**
 * class-validator decorator whose message is what `check` says. An absent value is checked too, unless `IsOptional` stands
 * beside it.
 * @param schema JSON Schema of the value, or of each item, where its type does not tell it; a function is called when the schema
 *   is asked for
 * @param options `{ each: true }` checks every item of a list; whether it is a list, another rule says
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
        // class-validator names the whole list, also when one of its items is wrong.
        defaultMessage: (args) => {
          const value: unknown = args!.value;
          const items: unknown[] =
            options.each && Array.isArray(value) ? [...(value as unknown[]), value] : [value];
          return items.map((item) => check(item, args!.object as Options)).find((problem) => problem) ?? '';
        },
      },
    });
}
