import { Flow, type MillraceError, type StageOptions } from 'millrace'
import { afterEach, expect, inject, test, vi } from 'vitest'
import { docker } from './support/docker.js'

const uses = `docker://${inject('projectImage')}`
const made: string[] = []
let flows = 0

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const image of made.splice(0)) await docker('rmi', '--force', image)
})

/** The start failure of a Flow with only this stage, which leaves no container behind. */
async function failureOf(stage: Omit<StageOptions<'echo'>, 'name'>): Promise<MillraceError> {
  const name = `failing${process.pid}x${++flows}`
  const flow = new Flow({ name, quiet: true, host: '127.0.0.1' }).add({ name: 'echo', ...stage })
  const failure: unknown = await flow.start().then(
    () => flow.close().then(() => new Error('it started')),
    (error: unknown) => error,
  )
  expect(await docker('ps', '--all', '--quiet', '--filter', `label=millrace.flow=${name}`)).toBe('')
  return failure as MillraceError
}

/** The base image with another entry point. */
async function imageWith(...changes: readonly string[]): Promise<string> {
  const image = `millrace-errors:${process.pid}-${++flows}`
  const container = await docker('create', inject('baseImage'), 'node')
  await docker('commit', ...changes.flatMap((change) => ['--change', change]), container, image)
  await docker('rm', container)
  made.push(image)
  return image
}

test('there is no engine', async () => {
  vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1')
  const name = `failing${process.pid}`
  const flow = new Flow({ name, quiet: true }).add({ name: 'echo', uses })
  await expect(flow.start()).rejects.toThrow(
    /echo\/rep-0 did not start: No Docker engine answers at tcp:\/\/127\.0\.0\.1:1 .*DOCKER_HOST/,
  )
})

test('an image that is missing and cannot be pulled', async () => {
  const error = await failureOf({ uses: 'docker://127.0.0.1:9/nowhere/thing:1' })
  expect(error).toMatchObject({
    code: 'START_FAILED',
    cause: { code: 'NOT_FOUND' },
    where: { deployment: 'echo' },
  })
  expect(error.message).toMatch(
    /127\.0\.0\.1:9\/nowhere\/thing:1 is not on this machine and cannot be pulled/,
  )
})

test('an image that serves nothing', async () => {
  const image = await imageWith(
    `ENTRYPOINT ["node", "-e", "console.log('just waiting'); setInterval(() => {}, 1e3)"]`,
  )
  const error = await failureOf({ uses: `docker://${image}`, timeoutReadyMs: 3000 })
  expect(error.code).toBe('START_TIMEOUT')
  expect(error.message).toMatch(
    /not ready within 3000 ms\. Nothing has answered by gRPC on port 8080 of its container .*neither millrace nor jina.*timeoutReadyMs.*just waiting/s,
  )
})

test('a container that exits at its start', async () => {
  const image = await imageWith(`ENTRYPOINT ["node", "-e", "console.error('no licence'); process.exit(9)"]`)
  const error = await failureOf({ uses: `docker://${image}` })
  expect(error).toMatchObject({ code: 'START_FAILED', output: ['no licence'] })
  expect(error.message).toMatch(/echo\/rep-0 exited with code 9 before it was ready.*no licence/s)
})

test('an entry point that the image does not have', async () => {
  const image = await imageWith('ENTRYPOINT ["/no/such/program"]')
  const error = await failureOf({ uses: `docker://${image}` })
  expect(error.code).toBe('START_FAILED')
  expect(error.message).toMatch(
    /did not start: The container cannot be started: .*\/no\/such\/program.*no such file/,
  )
})

test('a handler that its Executor does not have', async () => {
  const error = await failureOf({ uses, usesRequests: { '/x': 'missing' } })
  expect(error).toMatchObject({ code: 'START_FAILED', cause: { code: 'INVALID_EXECUTOR' } })
  expect(error.message).toMatch(/echo\/rep-0 did not start: .*missing/)
})

test('a secret that is not set, and one that is set', async () => {
  const envFromSecret = { MILLRACE_TEST_TOKEN: { name: 'tokens', key: 'api' } }
  const error = await failureOf({ uses, envFromSecret })
  expect(error.message).toMatch(
    /MILLRACE_TEST_TOKEN, which on Docker is read from the environment of the program.*Set it/,
  )
  vi.stubEnv('MILLRACE_TEST_TOKEN', 'sesame')
  await using flow = await new Flow({ quiet: true }).add({ name: 'echo', uses, envFromSecret }).start()
  const [answer] = await flow.post('/env', [{}], {
    parameters: { name: 'MILLRACE_TEST_TOKEN' },
    returnResponses: true,
  })
  expect(JSON.stringify(answer!.parameters)).toContain('sesame')
})

test('more memory than the machine has', async () => {
  const error = await failureOf({ uses, resources: { limits: { memory: '1Mi' } } })
  expect(error.code).toBe('START_FAILED')
  expect(error.message).toMatch(/[Mm]inimum memory limit/)
})
