/** One question to one endpoint, with the client of AWS. Loaded when the first is asked: see sagemaker-endpoint.ts. */
import { addAbortSignal, type Readable } from 'node:stream';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { ModelAnswers } from '../../core/ports/model-server.ts';
import { AnswerInvalid, answersIn, questionText } from '../models/server-messages.ts';
import { clientSettings } from './client-settings.ts';
import type { AskedEndpoint, EndpointAccess } from './sagemaker-endpoint.ts';
import { endpointDown, type Heard, invalidAnswer } from './sagemaker-failures.ts';

/** Asks about rows that one question may have. Throws `MODEL_SERVER_DOWN` or `MODEL_SERVER_ANSWER_INVALID`; what the signal ends is the caller's. */
export type AskEndpoint = (
  asked: AskedEndpoint,
  rows: readonly Float64Array[],
  signal: AbortSignal,
) => Promise<ModelAnswers>;

export interface EndpointClient {
  readonly access: EndpointAccess;
  readonly maxResponseBytes: number;
}

/** A question changes nothing, so that one whose answer was lost is asked again: so often in all, within the time of the whole. */
const ATTEMPTS = 3;
/** A socket that stays silent for longer is another's affair: the question's own bound is what counts. */
const SOCKET_TIMEOUT_MS = 15 * 60_000;
const NOBODY = { accessKeyId: 'local', secretAccessKey: 'local' };

export function openEndpoints({ access, maxResponseBytes }: EndpointClient): AskEndpoint {
  const client = new SageMakerRuntimeClient(runtimeSettings(access));
  const ask: AskEndpoint = async (asked, rows, signal) => {
    const heard: Heard = {};
    const command = new InvokeEndpointCommand({
      EndpointName: asked.endpoint,
      TargetVariant: asked.variant,
      ContentType: 'application/json',
      Accept: 'application/json',
      Body: questionText(asked.version, rows),
    });
    // Next to the wire, where an answer is not read yet: the client itself would read any, however long.
    command.middlewareStack.add(
      (next) => async (request) => {
        const output = await next(request);
        const response = output.response as { statusCode: number; body: Readable | Uint8Array };
        const bytes = await boundedBytes(response.body as Readable, maxResponseBytes, signal);
        Object.assign(heard, { status: response.statusCode, text: new TextDecoder().decode(bytes) });
        response.body = bytes;
        return output;
      },
      { step: 'deserialize', priority: 'low', name: 'boundedAnswer' },
    );
    try {
      await client.send(command, { abortSignal: signal });
      return answersIn(heard.text ?? '', asked.version, rows.length);
    } catch (error) {
      if (isVariantGone(asked, error)) return ask({ ...asked, variant: undefined }, rows, signal);
      throw error instanceof AnswerInvalid ? invalidAnswer(asked, error.message) : endpointDown(asked, error, heard);
    }
  };
  return ask;
}

/**
 * May be so: SageMaker has one name for all that it finds wrong. The endpoint was updated then, and who asks it is about to be: the version may be there all
 * the same, behind another variant. One that is not is refused by the server, since a question names it.
 */
const isVariantGone = ({ variant }: AskedEndpoint, error: unknown): boolean =>
  variant !== undefined && error instanceof Error && error.name === 'ValidationError';

/** Whoever is asked instead of AWS is not shown the signatures of real credentials. */
export function runtimeSettings({ url, region, credentials }: EndpointAccess) {
  return {
    ...clientSettings({ requestTimeoutMs: SOCKET_TIMEOUT_MS, maxAttempts: ATTEMPTS }),
    ...(url === undefined ? {} : { endpoint: url, region: 'us-east-1', credentials: NOBODY }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** Throws {@link AnswerInvalid} at the first byte too many, and closes the connection. */
export async function boundedBytes(body: Readable, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of addAbortSignal(signal, body) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new AnswerInvalid(`it is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
