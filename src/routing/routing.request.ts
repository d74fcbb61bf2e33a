import { registerDecorator, validateSync } from 'class-validator';
import { isPlainObject } from '../common/json.js';
import type { JsonObject } from '../common/json.js';
import type { RequestError } from '../http/problem.js';
import { Problem } from '../http/problem.js';

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
const isObjectOrAbsent = (value: unknown): boolean => value == null || isPlainObject(value);

/** class-validator decorator: `null` (absent) or a value of the type; a property that is missing altogether is told so. */
function IsTextOrNull({ required }: { required: boolean }): PropertyDecorator {
  return check(
    (value) => isTextOrNull(value) || (value === undefined && !required),
    (value) =>
      value === undefined
        ? 'is missing; send a string, or null when the number is withheld'
        : 'must be a string or null',
  );
}

function IsObjectOrNull(): PropertyDecorator {
  return check(isObjectOrAbsent, () => 'must be an object or null');
}

function check(
  validate: (value: unknown) => boolean,
  message: (value: unknown) => string,
): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'wireType',
      target: target.constructor,
      propertyName: property as string,
      validator: { validate, defaultMessage: (args) => message(args?.value) },
    });
}

/** What Enreach Core sends for each incoming call (SmartRouting HTTP integrator guide). Unknown properties are ignored. */
export class RoutingRequest {
  @IsTextOrNull({ required: true })
  anum: string | null;

  @IsTextOrNull({ required: true })
  bnum: string | null;

  @IsTextOrNull({ required: false })
  targetid?: string | null;

  @IsObjectOrNull()
  extradata?: JsonObject | null;

  /**
   * Takes the four known properties of a parsed body.
   * @throws Problem 400 that lists everything wrong with the body
   */
  static from(body: unknown): RoutingRequest {
    if (!isPlainObject(body)) throw invalid([{ path: '', message: 'must be a JSON object' }]);
    const request = new RoutingRequest();
    request.anum = body['anum'] as string | null;
    request.bnum = body['bnum'] as string | null;
    request.targetid = body['targetid'] as string | null;
    request.extradata = body['extradata'] as JsonObject | null;
    if (request.hasRightTypes()) return request;
    const errors = validateSync(request).map((error) => ({
      path: error.property,
      message: Object.values(error.constraints ?? {}).join('; '),
    }));
    throw invalid(errors);
  }

  /** Says what the validators say, for a hundredth of their cost; they list the problems of those few that fail here. */
  hasRightTypes(): boolean {
    return (
      isTextOrNull(this.anum) &&
      isTextOrNull(this.bnum) &&
      (this.targetid === undefined || isTextOrNull(this.targetid)) &&
      isObjectOrAbsent(this.extradata)
    );
  }
}

function invalid(errors: readonly RequestError[]): Problem {
  return new Problem(400, 'the body is not usable', { errors });
}
