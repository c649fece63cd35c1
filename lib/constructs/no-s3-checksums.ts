/**
 * Stands in for `@aws-sdk/checksums/flexible-checksums` in the bundle of a function that only reads the lake: 13 kB less. S3's own
 * checksums would say again what the lake checks anyway, the SHA-256 that is part of each segment's key.
 */

/** The client's settings are passed on as they are. */
export const resolveFlexibleChecksumsConfig = <T>(settings: T): T => settings;

/** What each command adds to its request and answer: nothing. */
export const getFlexibleChecksumsPlugin = () => ({ applyToStack: (): void => undefined });

const WHEN_REQUIRED = 'WHEN_REQUIRED';
const option = {
  environmentVariableSelector: (): string => WHEN_REQUIRED,
  configFileSelector: (): string => WHEN_REQUIRED,
  default: WHEN_REQUIRED,
};
export const NODE_REQUEST_CHECKSUM_CALCULATION_CONFIG_OPTIONS = option;
export const NODE_RESPONSE_CHECKSUM_VALIDATION_CONFIG_OPTIONS = option;
