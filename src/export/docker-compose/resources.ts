import type { Amounts } from '../../plan/container.js'
import type { StagePlan } from '../../plan/flow-plan.js'

const factors: Readonly<Record<string, number>> = {
  ...{ '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
}

/** `deploy.resources`: limits, reservations, and graphics cards among them. Nothing when nothing is asked for. */
export function resources({ resources: { limits, requests }, gpus }: StagePlan): object {
  const reservations = { ...amounts(requests), ...(gpus !== null && { devices: [device(gpus)] }) }
  const asked = {
    ...(limits !== undefined && { limits: amounts(limits) }),
    ...(Object.keys(reservations).length > 0 && { reservations }),
  }
  return Object.keys(asked).length === 0 ? {} : { resources: asked }
}

function amounts({ cpu, memory }: Amounts = {}): object {
  return {
    ...(cpu !== undefined && { cpus: String(cpus(String(cpu))) }),
    ...(memory !== undefined && { memory: `${bytes(String(memory))}b` }),
  }
}

function cpus(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity)
}

function bytes(quantity: string): number {
  const [, amount = '', unit = ''] = /^([\d.]+)(.*)$/.exec(quantity) ?? []
  return Math.ceil(Number(amount) * (factors[unit] ?? 1))
}

function device(gpus: NonNullable<StagePlan['gpus']>): object {
  const some =
    typeof gpus === 'string' && gpus.startsWith('device=')
      ? { device_ids: gpus.slice('device='.length).split(',') }
      : { count: gpus }
  return { driver: 'nvidia', ...some, capabilities: ['gpu'] }
}
