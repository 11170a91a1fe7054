import type { Service } from '../call/call.js'
import { dialMemory } from './memory/channel.js'
import { listenMemory } from './memory/listener.js'
import { dialPort } from './port/channel.js'
import { listenPort } from './port/listener.js'
import { dialSocket } from './socket/channel.js'
import { listenSocket } from './socket/listener.js'
import type { Address, Channel, DialOptions, ListenAt, Listener, ListenOptions } from './transport.js'

type Dial<K extends Address['kind']> = (
  address: Extract<Address, { kind: K }>,
  options: DialOptions,
) => Promise<Channel>
type Listen<K extends ListenAt['kind']> = (
  at: Extract<ListenAt, { kind: K }>,
  service: Service,
  options: ListenOptions,
) => Promise<Listener>

const dialers: { readonly [K in Address['kind']]: Dial<K> } = {
  memory: dialMemory,
  port: dialPort,
  socket: dialSocket,
  // loaded when needed: of pods on this machine only those in Python speak gRPC
  grpc: async (address, options) =>
    address.requestsPath === undefined
      ? (await import('./grpc/channel.js')).dialGrpc(address, options)
      : (await import('./python/channel.js')).dialPython(address, address.requestsPath, options),
}

const listeners: { readonly [K in ListenAt['kind']]: Listen<K> } = {
  memory: (_at, service, options) => listenMemory(service, options),
  port: (at, service, options) => listenPort(service, at.port ?? null, options),
  socket: (at, service, options) => listenSocket(at.path, service, options),
}

/** Connects to a pod. Rejects with UNAVAILABLE when nothing listens at the address, CANCELLED when `signal` aborts first. */
export function dial(address: Address, options: DialOptions = {}): Promise<Channel> {
  const dialer = dialers[address.kind] as Dial<Address['kind']>
  return dialer(address, options)
}

/** Serves a service at an address; `dial` takes the address of the returned listener. */
export function listen(at: ListenAt, service: Service, options: ListenOptions = {}): Promise<Listener> {
  const listener = listeners[at.kind] as Listen<ListenAt['kind']>
  return listener(at, service, options)
}
