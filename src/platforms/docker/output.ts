import type Dockerode from 'dockerode'
import type { Engine } from '../../docker-engine/engine.js'
import { dockerFailure } from '../../docker-engine/failure.js'
import { readOutput } from '../../docker-engine/output.js'
import type { FlowOutput, OutputSource } from '../output/source.js'
import { flowLabels } from './names.js'

/** The output of a Flow's containers on an engine, which keeps it until a container is removed. */
export function outputOf(engine: Engine, flow: string): FlowOutput {
  const label = [`${flowLabels.flow}=${flow}`, flowLabels.part]
  return {
    async sources() {
      try {
        const found = await engine.docker.listContainers({ all: true, filters: { label } })
        return found.map((one) => sourceOf(engine, one))
      } catch (error) {
        throw dockerFailure(error, 'Containers cannot be listed')
      }
    },
    close: () => {},
  }
}

function sourceOf(engine: Engine, { Id, Names, Labels, State }: Dockerode.ContainerInfo): OutputSource {
  const isGateway = Labels[flowLabels.part] === 'gateway'
  return {
    name: (Names[0] ?? Id).replace(/^\//, ''),
    stage: isGateway ? null : (Labels[flowLabels.stage] ?? ''),
    shard: Number(Labels[flowLabels.shard] ?? 0),
    isRunning: State === 'running',
    read: ({ since, ...question }, onLine) =>
      readOutput(engine, Id, { ...question, since: since === null ? null : secondsOf(since) }, onLine),
  }
}

/** Seconds since the epoch, with the nanoseconds of a stamp. */
function secondsOf(stamp: string): string {
  return `${Date.parse(`${stamp.slice(0, 19)}Z`) / 1000}.${stamp.slice(20)}`
}
