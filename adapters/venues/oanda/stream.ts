/**
 * What OANDA says of an account by itself: its transactions, one JSON line each, in an answer over HTTP that has no end.
 * Source: developer.oanda.com/rest-live-v20/transaction-ep, "transactions/stream".
 */
import { Said } from '../http/failures.ts';
import { countIn, fieldsOf, Malformed, readJson, wordIn } from '../http/json.ts';
import { linesOf } from '../http/lines.ts';
import { type After, CLOSED, type Connect, type Ending, type Stream, UNREADABLE } from '../http/reconnecting.ts';
import { Silence } from '../http/silence.ts';
import type { OandaClient } from './client.ts';

export const OANDA_STREAM_BOUNDS = {
  /** Of one line; a transaction is about 2 kB. */
  lineCharacters: 1_048_576,
  /** A heartbeat comes every 5 seconds: three of them, and the time to connect. */
  silenceMs: 15_000,
} as const;

type Client = Pick<OandaClient, 'stream' | 'redact'>;

export function transactions(client: Client, after: After): Connect {
  return async (stream) => {
    const late = new AbortController();
    const silence = new Silence(after);
    const heard = (): void => silence.within(OANDA_STREAM_BOUNDS.silenceMs, () => late.abort());
    heard();
    try {
      const body = await client.stream('@account/transactions/stream', AbortSignal.any([late.signal, stream.closing]));
      stream.stands();
      const reading = new Reading(stream, client);
      for await (const line of linesOf(body, OANDA_STREAM_BOUNDS.lineCharacters)) {
        heard();
        reading.take(line);
      }
      return { reason: 'it ended the stream' };
    } catch (error) {
      if (stream.closing.aborted) return CLOSED;
      if (late.signal.aborted) return { reason: `nothing came for ${OANDA_STREAM_BOUNDS.silenceMs} ms` };
      return endingOf(error, client);
    } finally {
      silence.stop();
      // Whatever ended it, nothing of the connection stays.
      late.abort();
    }
  };
}

function endingOf(error: unknown, client: Client): Ending {
  const said = client.redact(error);
  if (error instanceof Malformed) return { reason: `a line could not be read: ${said}` };
  const status = error instanceof Said ? error.complaint.status : undefined;
  if (status === 401 || status === 403) return { reason: `it did not take the token: ${said}`, isRefusal: true };
  return { reason: `the connection failed: ${said}` };
}

/** The lines of one connection. */
class Reading {
  readonly #stream: Stream;
  readonly #client: Client;
  /** The highest id of a transaction that was heard of. */
  #last: number | undefined;

  constructor(stream: Stream, client: Client) {
    this.#stream = stream;
    this.#client = client;
  }

  take(line: string): void {
    try {
      this.#read(line);
    } catch {
      this.#stream.changed(UNREADABLE);
    }
  }

  /** A heartbeat says the latest id: one that was not told is seen from it. Throws `Malformed`. */
  #read(line: string): void {
    const fields = fieldsOf(readJson(line), 'the line');
    const type = wordIn(fields, 'type');
    const isHeartbeat = type === 'HEARTBEAT';
    const id = countIn(fields, isHeartbeat ? 'lastTransactionID' : 'id');
    const isNew = this.#last === undefined ? !isHeartbeat : id > this.#last;
    if (isNew || !isHeartbeat) this.#stream.changed(this.#client.redact(type));
    this.#last = Math.max(id, this.#last ?? 0);
  }
}
