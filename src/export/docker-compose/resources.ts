import type { Amounts } from '../../plan/container.js'
import type { StagePlan } from '../../plan/flow-plan.js'
import { amountOf } from '../../plan/quantity.js'

/** `deploy.resources`: limits, reservations and GPUs. Empty when the stage sets none. */
export function resources({
  resources: { limits, requests },
  gpus,
}: Pick<StagePlan, 'resources' | 'gpus'>): object {
  const reservations = { ...amounts(requests), ...(gpus !== null && { devices: [device(gpus)] }) }
  const asked = {
    ...(limits !== undefined && { limits: amounts(limits) }),
    ...(Object.keys(reservations).length > 0 && { reservations }),
  }
  return Object.keys(asked).length === 0 ? {} : { resources: asked }
}

function amounts({ cpu, memory }: Amounts = {}): object {
  return {
    ...(cpu !== undefined && { cpus: String(amountOf(cpu)) }),
    ...(memory !== undefined && { memory: `${Math.ceil(amountOf(memory))}b` }),
  }
}

function device(gpus: NonNullable<StagePlan['gpus']>): object {
  const some =
    typeof gpus === 'string' && gpus.startsWith('device=')
      ? { device_ids: gpus.slice('device='.length).split(',') }
      : { count: gpus }
  return { driver: 'nvidia', ...some, capabilities: ['gpu'] }
}
