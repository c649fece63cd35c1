/**
 * Stands in for `@smithy/core/event-streams` in Lambda bundles. Event streams are what S3 answers a SelectObjectContent with,
 * which nothing here calls; their codec is 14 kB.
 */

/** The clients' settings are passed on as they are. */
export const resolveEventStreamSerdeConfig = <T>(settings: T): T => settings;

/** Called with the settings of a client; what it gives is used by an operation with an event stream alone. */
export const eventStreamSerdeProvider = (): undefined => undefined;

export class EventStreamSerde {
  constructor() {
    throw new Error('this bundle carries no event streams');
  }
}
