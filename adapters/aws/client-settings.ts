/** How long an AWS call may take before it is given up and, where that is safe, tried again. */
export interface ClientLimits {
  /** Ms for the whole of one attempt: request and answer. */
  readonly requestTimeoutMs?: number;
  /** Ms until a connection is made. */
  readonly connectionTimeoutMs?: number;
  /** Attempts of the SDK in all, the first included. */
  readonly maxAttempts?: number;
}

/**
 * Settings for every SDK client: `new DynamoDBClient(clientSettings())`. An SDK client waits for ever by default; these do not.
 * Give a client that moves whole files a longer `requestTimeoutMs`.
 */
export function clientSettings({
  requestTimeoutMs = 3_000,
  connectionTimeoutMs = 1_000,
  maxAttempts = 3,
}: ClientLimits = {}) {
  return {
    maxAttempts,
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  };
}
