import { Flow } from 'millrace'
import { expect, inject, test } from 'vitest'
import { conceptsProject } from '../support/concepts.suite.js'
import { lookThat, servePage } from '../support/page.js'
import { docker, runningIn } from './support/docker.js'

const name = `page-${process.pid}`

test('the page of a Flow on Docker shows a killed container, scales the Flow and calls it', async () => {
  const flow = new Flow({ name, host: '127.0.0.1', quiet: true }).add({
    name: 'who',
    uses: `${conceptsProject}/concepts/executors.mjs#Who`,
    replicas: 2,
  })
  await flow.start({ on: 'docker', image: inject('projectImage'), project: conceptsProject })
  try {
    await using page = await servePage('--on', 'docker', '--flow', name)
    const { ask } = page
    const whole = await lookThat(await ask('events'), ({ stages }) => stages[0]!.ready === 2)
    expect(whole).toMatchObject({ name, on: 'docker', stages: [{ name: 'who', runtime: 'docker' }] })

    const events = await ask('events')
    await docker('kill', (await runningIn(name, 'who'))[0]!)
    await lookThat(
      events,
      ({ stages }) => stages[0]!.ready === 1 || stages[0]!.pods.some(({ restarts }) => restarts > 0),
    )

    expect(await (await ask('scale', { stage: 'who', replicas: 3 })).json()).toMatchObject({ to: 3 })
    await lookThat(await ask('events'), ({ stages }) => stages[0]!.replicas === 3 && stages[0]!.ready === 3)
    const { endpoints } = (await (await ask('served')).json()) as { readonly endpoints: readonly string[] }
    expect(endpoints.length).toBeGreaterThan(1)
    const answer = await ask('call', { endpoint: '/', documents: [{ text: 'a' }], parameters: {} })
    expect(await answer.json()).toMatchObject({ docs: [{}] })

    await ask('call', { endpoint: '/fail', documents: [{ text: 'a' }], parameters: {} })
    const outputs = async (): Promise<string> => {
      const { stages } = await lookThat(await ask('events'), () => true)
      const all = stages[0]!.pods.map(async (pod) => (await ask('output', { pod: pod.name })).text())
      return (await Promise.all(all)).join()
    }
    await expect.poll(outputs).toMatch(/page-\d+-who-\d+@\d+\[E\]: .*RangeError: not today/s)
  } finally {
    await flow.close({ remove: true })
  }
})
