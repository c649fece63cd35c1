/**
 * Models behind SageMaker endpoints, and behind anything that is asked the same way: a model server on this machine answers under the same path.
 * The client of AWS is loaded with the first question, so that a function which may have to ask one starts no later for it.
 */
import { invariant, PlimsollError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import {
  type AskModel,
  MAX_QUESTION_ROWS,
  type ModelAnswers,
  type ModelQuestion,
} from '../../core/ports/model-server.ts';
import { endpointSlow, invalidAnswer } from './sagemaker-failures.ts';
import type { AskEndpoint } from './sagemaker-invocation.ts';
import { withinTime } from './within-time.ts';

/** A serverless endpoint answers with no more, and 1,000 rows of 64 members are below a third of it. */
export const MAX_RESPONSE_BYTES = 4 * 1_024 * 1_024;

/** Where a model is asked. */
export interface ModelEndpointAddress {
  /** The name of its endpoint. */
  readonly endpoint: string;
  /** By version, where one endpoint has several: the variant that serves it, so that chance does not choose the one that answers. */
  readonly variants?: Readonly<Record<string, string>>;
}

/** Where SageMaker is. Nothing for the region and the credentials of the environment. */
export interface EndpointAccess {
  /** The address of what is asked instead of AWS, as `http://127.0.0.1:8080`. It is given no real credentials, unless they are named here. */
  readonly url?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface SageMakerEndpointOptions {
  /** By model. */
  readonly endpoints: Readonly<Record<string, ModelEndpointAddress>>;
  /** Ms for a whole question: all its rows, all attempts, and the pauses between them. */
  readonly timeoutMs: number;
  /**
   * Of one answer; a longer one is refused before it is read to its end.
   * @default 4 MiB
   */
  readonly maxResponseBytes?: number;
  readonly access?: EndpointAccess;
}

/** One version under its endpoint, with the words in which people are told of it. */
export interface AskedEndpoint {
  readonly endpoint: string;
  readonly version: string;
  readonly variant: string | undefined;
  /** As `the endpoint "harbour-gold" of the model "gold"`. */
  readonly what: string;
}

/**
 * Asks endpoints in real time: with instances, or serverless. Rows beyond what one question may have are asked about one part after another. Throws
 * `MODEL_SERVER_ADDRESS_INVALID`.
 */
export function sageMakerEndpoint(options: SageMakerEndpointOptions): AskModel {
  const { endpoints, timeoutMs, maxResponseBytes = MAX_RESPONSE_BYTES, access = {} } = options;
  assertAskable(options);
  let opened: Promise<AskEndpoint> | undefined;
  return async (question) => {
    if (question.rows.length === 0) return [];
    const asked = askedEndpoint(endpoints, question);
    return withinTime(
      timeoutMs,
      () => endpointSlow(asked, timeoutMs),
      async (signal) => {
        opened ??= import('./sagemaker-invocation.ts').then(({ openEndpoints }) =>
          openEndpoints({ access, maxResponseBytes }),
        );
        const ask = await opened;
        const answers: ModelAnswers[number][] = [];
        for (const rows of questionParts(question)) answers.push(...(await ask(asked, rows, signal)));
        return answers;
      },
    ).then((answers) => ofOneEnsemble(asked, answers));
  };
}

/** A timer takes no longer ones. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Throws `MODEL_SERVER_ADDRESS_INVALID`. */
export function assertAskable({ timeoutMs, access: { url } = {} }: SageMakerEndpointOptions): void {
  invariant(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS, 'a question to an endpoint has a bound of time');
  if (url === undefined || /^https?:$/.test(URL.parse(url)?.protocol ?? '')) return;
  throw new PlimsollError(
    'MODEL_SERVER_ADDRESS_INVALID',
    `"${url.slice(0, 200)}" is no address of a model server`,
    'write it as http://127.0.0.1:8080',
  );
}

/** The rows of a question in parts that a server takes. */
export function* questionParts({ rows }: ModelQuestion): Iterable<readonly Float64Array[]> {
  for (let at = 0; at < rows.length; at += MAX_QUESTION_ROWS) yield rows.slice(at, at + MAX_QUESTION_ROWS);
}

/** Throws `MODEL_SERVER_DOWN` where the model has no endpoint. */
export function askedEndpoint(
  endpoints: SageMakerEndpointOptions['endpoints'],
  { model, version }: ModelQuestion,
): AskedEndpoint {
  const address = Object.hasOwn(endpoints, model) ? endpoints[model] : undefined;
  if (address)
    return {
      endpoint: address.endpoint,
      version,
      variant: address.variants?.[version],
      what: `the endpoint "${address.endpoint}" of the model "${model}"`,
    };
  throw new PlimsollError(
    'MODEL_SERVER_DOWN',
    `the model "${model}" has no endpoint here`,
    `name its endpoint; there is one of ${nearest(model, Object.keys(endpoints))}`,
  );
}

/** Answers are of the same members in each row, whichever part they came with. Throws `MODEL_SERVER_ANSWER_INVALID`. */
export function ofOneEnsemble(asked: AskedEndpoint, answers: ModelAnswers): ModelAnswers {
  const odd = answers.findIndex((row) => row.length !== answers[0].length);
  if (odd < 0) return answers;
  const [members, first] = [answers[odd].length, answers[0].length];
  throw invalidAnswer(asked, `its row ${odd + 1} is of ${members} members, where its first is of ${first}`);
}
