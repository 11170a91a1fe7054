import type { Flow } from 'millrace'
import { type ConceptFlow, conceptsProject, conceptsSuite } from '../support/concepts.suite.js'
import { Composed } from './support/compose.js'
import { docker } from './support/docker.js'

async function startWithCompose(flow: Flow<string>): Promise<ConceptFlow> {
  const composed = await Composed.up(flow, conceptsProject)
  return {
    host: composed.host,
    scale: (stage, replicas) => composed.scale(stage, replicas),
    async kill(stage) {
      const [victim] = await composed.containers(stage)
      await docker('kill', victim!)
      // the engine does not restart a container after `docker kill`, but Compose does
      await composed.compose('up', '--detach', '--no-recreate')
    },
    async restart() {
      await composed.compose('down')
      await composed.compose('up', '--detach')
      await composed.ready()
    },
    remove: () => composed.remove(),
  }
}

conceptsSuite({ name: 'Compose', start: startWithCompose })
