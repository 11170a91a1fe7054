import type Dockerode from 'dockerode'
import type { ContainerSettings, Resources } from '../plan/container.js'
import { amountOf } from '../plan/quantity.js'

/** Limits and reservations of one container, as the engine takes them. */
export function limitsOf({ limits, requests }: Resources): Dockerode.HostConfig {
  return {
    ...(limits?.cpu !== undefined && { NanoCpus: Math.round(amountOf(limits.cpu) * 1e9) }),
    // swap as well, or twice as much could be taken
    ...(limits?.memory !== undefined && {
      Memory: Math.round(amountOf(limits.memory)),
      MemorySwap: Math.round(amountOf(limits.memory)),
    }),
    ...(requests?.memory !== undefined && { MemoryReservation: Math.round(amountOf(requests.memory)) }),
  }
}

/** As `docker run --gpus`. */
export function gpusOf(gpus: ContainerSettings['gpus']): Dockerode.HostConfig {
  if (gpus === null) return {}
  const which =
    typeof gpus === 'number'
      ? { Count: gpus }
      : gpus === 'all'
        ? { Count: -1 }
        : { DeviceIDs: gpus.slice('device='.length).split(',') }
  return { DeviceRequests: [{ Driver: '', Capabilities: [['gpu']], ...which }] as Dockerode.DeviceRequest[] }
}
