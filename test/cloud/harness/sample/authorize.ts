/** The HTTP API's authorizer: one token is let in. */

import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerResult } from 'aws-lambda';

export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerResult> => ({
  isAuthorized: event.headers?.authorization === `Bearer ${process.env.TOKEN}`,
});
