import type { Flow } from 'millrace'
import { expect } from 'vitest'
import { type ConceptFlow, conceptsProject, conceptsSuite } from '../support/concepts.suite.js'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/platform.js'

async function startOnPlatform(flow: Flow<string>): Promise<ConceptFlow> {
  const namespace = await Namespace.create()
  try {
    const running = await flow.start({ ...onKubernetes(namespace), project: conceptsProject })
    return {
      host: `grpc://127.0.0.1:${running.port}`,
      scale: (stage, replicas) => running.scale(stage, { replicas }),
      async kill(stage) {
        const [pod] = await namespace.pods(stage)
        await namespace.deletePods([pod!.metadata.name], { force: true })
        await namespace.ready()
      },
      async restart() {
        const selector = 'app.kubernetes.io/component=executor'
        await namespace.deletePods(['--selector', selector])
        await namespace.ready()
        await expect.poll(() => running.isReady()).toBe(true)
      },
      async remove() {
        await running.close({ remove: true })
        await namespace.remove()
      },
    }
  } catch (error) {
    await namespace.remove()
    throw error
  }
}

conceptsSuite({ name: 'Kubernetes', start: startOnPlatform })
