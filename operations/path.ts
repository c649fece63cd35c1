/** Where an operation is found over HTTP: `orders.cancel` is `/api/orders/cancel`. */
export const pathOf = (name: string): string => `/api/${name.replaceAll('.', '/')}`;
