import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Flow } from 'millrace'
import { expect, inject, test, vi } from 'vitest'
import { conceptsProject } from '../support/concepts.suite.js'
import { commandLine } from '../support/servers.js'

const name = `logs-${process.pid}`

function start(...args: readonly string[]) {
  const where = ['logs', '--on', 'docker', '--flow', name]
  const child = spawn(process.execPath, [commandLine, ...where, ...args], { stdio: 'pipe' })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  return { ended: once(child, 'close'), text: () => text }
}

async function shown(...args: readonly string[]): Promise<readonly string[]> {
  const { ended, text } = start(...args)
  expect([await ended, text()]).toEqual([[0, null], expect.any(String)])
  return text()
    .split('\n')
    .filter((line) => line !== '')
}

test('the output of a Flow on Docker is shown by stage and container, as JSON, and followed until it is removed', async () => {
  const flow = new Flow({ name, host: '127.0.0.1', quiet: true }).add({
    name: 'who',
    uses: `${conceptsProject}/concepts/executors.mjs#Who`,
    replicas: 2,
  })
  await flow.start({ on: 'docker', image: inject('projectImage'), project: conceptsProject })
  try {
    await flow.post('/fail').catch(() => {})
    await vi.waitFor(async () => expect((await shown('who')).join()).toContain('not today'), 60_000)
    const failed = (await shown('who')).find((line) => line.includes('[E]'))!
    expect(failed).toMatch(new RegExp(`^${name}-who-[01]@\\d+\\[E\\]: .*"requestId":"`))
    const pod = failed.slice(0, failed.indexOf('@'))
    expect(await shown(pod)).toEqual((await shown('who')).filter((line) => line.startsWith(pod)))
    const entries = (await shown(pod, '--json')).map((line) => JSON.parse(line) as object)
    expect(entries).toContainEqual(
      expect.objectContaining({ level: 'error', name: pod, requestId: expect.any(String) as unknown }),
    )
    expect(await shown(pod, '-n', '1', '--time')).toEqual([expect.stringMatching(/^2\d{3}-[\dT:.-]+Z /)])

    const { ended, text } = start('-f', 'who')
    const failures = (): number => text().split('[E]').length - 1
    await vi.waitFor(() => expect(failures()).toBeGreaterThan(0), 60_000)
    const before = failures()
    await flow.post('/fail').catch(() => {})
    await vi.waitFor(() => expect(failures()).toBeGreaterThan(before), 60_000)
    await flow.close({ remove: true })
    expect(await ended).toEqual([0, null])
  } finally {
    await flow.close({ remove: true })
  }
})
