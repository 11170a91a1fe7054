import { Client } from 'millrace'
import { expect, it } from 'vitest'
import { graphAnswer, graphAnswerHere, graphFlow, graphProject } from '../support/graph-flow.js'
import { apply } from './support/apply.js'
import { forward } from './support/forward.js'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/platform.js'

it('a graph answers on Kubernetes, started and exported, as on this machine', async () => {
  const expected = await graphAnswerHere()
  const started = await Namespace.create()
  const exported = await Namespace.create()
  try {
    const flow = graphFlow({ name: 'graph' })
    await flow.start({ ...onKubernetes(started), project: graphProject })
    expect(await graphAnswer(flow)).toEqual(expected)
    await flow.close({ remove: true })
    await apply(exported, graphFlow({ name: 'graph' }), { project: graphProject })
    await using gateway = await forward(exported)
    await using client = new Client({ host: gateway.host })
    expect(await graphAnswer(client)).toEqual(expected)
  } finally {
    await started.remove()
    await exported.remove()
  }
}, 400_000)
