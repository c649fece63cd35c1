/** Where a venue is listened to. */

interface Hosts {
  /** Of requests. */
  readonly baseUrl?: string;
  /** Of streams. */
  readonly streamUrl?: string;
}

/** Not where requests go to another host and none is named for streams: keys of one place are no use at another. */
export const isListenedTo = ({ baseUrl, streamUrl }: Hosts): boolean =>
  baseUrl === undefined || streamUrl !== undefined;

/** The same address on another host. */
export const onStreamHost = (url: string, streamUrl: string | undefined): string =>
  streamUrl === undefined ? url : url.replace(/^\w+:\/\/[^/]+/, streamUrl.replace(/\/+$/, ''));

/** Of a configured venue, as options that say nothing of what is left out. */
export const hostsOf = ({ baseUrl, streamUrl }: Hosts): Hosts => ({
  ...(baseUrl === undefined ? {} : { baseUrl }),
  ...(streamUrl === undefined ? {} : { streamUrl }),
});
