import type { Flow } from 'millrace'
import { inject } from 'vitest'
import { type ConceptFlow, conceptsProject, conceptsSuite } from '../support/concepts.suite.js'
import { docker, runningIn } from './support/docker.js'

async function startOnDocker(flow: Flow<string>): Promise<ConceptFlow> {
  await flow.start({ on: 'docker', image: inject('projectImage'), project: conceptsProject })
  const { name, stages } = await flow.status()
  return {
    get host() {
      return `grpc://127.0.0.1:${flow.port}`
    },
    scale: (stage, replicas) => flow.scale(stage, { replicas }),
    async kill(stage) {
      const [victim] = await runningIn(name, stage)
      await docker('kill', victim!)
    },
    async restart() {
      for (const stage of stages) {
        const all = await runningIn(name, stage.name)
        if (all.length > 0) await docker('restart', ...all)
      }
    },
    async remove() {
      await flow.close({ remove: true })
      const volumes = await docker('volume', 'ls', '--quiet', '--filter', `name=^${name}-`)
      if (volumes !== '') await docker('volume', 'rm', ...volumes.split('\n'))
    },
  }
}

conceptsSuite({ name: 'Docker', start: startOnDocker })
