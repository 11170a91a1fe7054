/** Names of the protocols in the table of `index.ts`: a file of their own, since public types must not need those of Node. */
export const protocolNames = ['grpc', 'http', 'websocket'] as const

/** Protocol between clients and the gateway. */
export type ProtocolName = (typeof protocolNames)[number]
