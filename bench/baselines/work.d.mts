export type Instructions = Readonly<Record<string, unknown>>;
export interface Call {
  readonly anum: string | undefined;
  readonly bnum: string | undefined;
  readonly targetid: string | undefined;
  readonly extradata: Readonly<Record<string, unknown>>;
}
export interface Decision {
  readonly reason: string;
  readonly target: string;
  readonly instructions?: Instructions;
}
interface Credential {
  readonly id: string;
  readonly apiKey?: string;
  readonly username?: string;
  readonly password?: string;
}
export declare const settings: { readonly path: string; readonly credentials: readonly Credential[] };
export declare const MAX_BODY_BYTES: number;
export declare const SECONDS_BUCKETS: number[];
export declare const TEXTS: Readonly<
  Record<
    | 'noCredentials'
    | 'wrongCredentials'
    | 'challenge'
    | 'badBody'
    | 'noJson'
    | 'noObject'
    | 'missing'
    | 'noText'
    | 'noExtradata',
    string
  >
>;
export declare function decide(call: Call): Promise<Decision>;
export declare function callOf(body: {
  anum?: string | null;
  bnum?: string | null;
  targetid?: string | null;
  extradata?: Readonly<Record<string, unknown>> | null;
}): Call;
export declare function logFields(call: Call, decision: Decision, credential: string, ms: number): object;
export declare function problem(status: number, detail?: string, errors?: unknown): object;
