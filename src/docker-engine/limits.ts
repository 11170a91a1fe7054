import type Dockerode from 'dockerode'
import type { ContainerSettings, Resources } from '../plan/container.js'
import { amountOf } from '../plan/quantity.js'

/** Converts a container's limits and requests to the engine's settings. */
export function limitsOf({ limits, requests }: Resources): Dockerode.HostConfig {
  return {
    ...(limits?.cpu !== undefined && { NanoCpus: Math.round(amountOf(limits.cpu) * 1e9) }),
    // limit swap too: otherwise the container could use twice the memory
    ...(limits?.memory !== undefined && {
      Memory: Math.round(amountOf(limits.memory)),
      MemorySwap: Math.round(amountOf(limits.memory)),
    }),
    ...(requests?.memory !== undefined && { MemoryReservation: Math.round(amountOf(requests.memory)) }),
  }
}

/** Equivalent of `docker run --gpus`. */
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
