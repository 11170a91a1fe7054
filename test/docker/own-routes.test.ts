import { Flow } from 'millrace'
import { expect, inject, it } from 'vitest'
import { conceptsProject } from '../support/concepts.suite.js'

it('a Flow with routes of its own serves them on Docker, beside those of the gateway', async () => {
  const concepts = `${conceptsProject}/concepts`
  await using running = new Flow({
    name: `routes-${process.pid}`,
    host: '127.0.0.1',
    quiet: true,
    protocol: 'http',
    http: { routes: `${concepts}/routes.mjs#routes` },
  }).add({ name: 'who', uses: `${concepts}/executors.mjs#Who` })
  await running.start({ on: 'docker', image: inject('projectImage'), project: conceptsProject })
  try {
    const host = `http://127.0.0.1:${running.port}`
    const own = await fetch(`${host}/who`)
    expect(own.status).toBe(200)
    const { pod } = (await own.json()) as { pod: string }
    const body = '{"data":[{"text":"a"}],"execEndpoint":"/who"}'
    const headers = { 'content-type': 'application/json' }
    const posted = await fetch(`${host}/post`, { method: 'POST', headers, body })
    expect(await posted.json()).toMatchObject({ data: [{ tags: { host: pod } }] })
  } finally {
    await running.close({ remove: true })
  }
})
