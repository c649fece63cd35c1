/**
 * Stands in for `@aws-sdk/endpoint-cache` in Lambda bundles. DynamoDB's client makes a cache for endpoint discovery, which is off
 * unless it is asked for.
 */
export class EndpointCache {
  getEndpoint(): never {
    throw new Error('this bundle carries no endpoint discovery: unset AWS_ENABLE_ENDPOINT_DISCOVERY');
  }
}
