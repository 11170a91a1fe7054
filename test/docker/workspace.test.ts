import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { Document, Flow, type FlowOptions, type StageOptions } from 'millrace'
import { expect, inject, onTestFinished, test } from 'vitest'
import { containersOf, docker } from './support/docker.js'
import { temporaryFolder } from './support/folders.js'

const uses = `docker://${inject('projectImage')}`
const echo = new URL('../fixtures/keeper.mjs#Echo', import.meta.url)

let flows = 0
const settings = (): FlowOptions & { readonly name: string } => ({
  name: `kept${process.pid}x${++flows}`,
  quiet: true,
  host: '127.0.0.1',
})

type Kept = Flow<'echo'>

function flowOf(stage: Omit<StageOptions<'echo'>, 'name'>, options: FlowOptions = settings()): Kept {
  return new Flow(options).add({ name: 'echo', ...stage })
}

async function keep(flow: Kept, texts: readonly string[], folder?: string): Promise<void> {
  const docs = texts.map((text) => new Document({ text }))
  await flow.post('/keep', docs, { requestSize: 1, parameters: folder === undefined ? {} : { folder } })
}

async function kept(flow: Kept, folder?: string): Promise<readonly string[]> {
  const parameters = folder === undefined ? {} : { folder }
  const [answer] = await flow.post('/kept', [new Document()], { parameters, returnResponses: true })
  const results = answer!.parameters.__results__ as Record<string, { readonly kept: readonly string[] }>
  return [...Object.values(results)[0]!.kept].sort()
}

test('a stage keeps its data when it moves to containers and back, and the files belong to this user', async () => {
  const workspace = temporaryFolder()
  const inProcess = flowOf({ uses: echo, workspace })
  await inProcess.start()
  await keep(inProcess, ['a'])
  await inProcess.close()
  const inContainers = flowOf({ uses, workspace, replicas: 2 })
  await inContainers.start()
  await keep(inContainers, ['b', 'c', 'd', 'e'])
  expect(await kept(inContainers)).toEqual(['a', 'b', 'c', 'd', 'e'])
  await inContainers.close()
  await inProcess.start()
  expect(await kept(inProcess)).toEqual(['a', 'b', 'c', 'd', 'e'])
  await inProcess.close()
  const file = path.join(workspace, 'Echo', '0', 'kept')
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(6)
  expect(statSync(file).uid).toBe(process.getuid!())
})

test('a workspace in use by containers is refused to other Flows, in processes and in containers', async () => {
  const workspace = temporaryFolder()
  await using first = await flowOf({ uses, workspace, replicas: 2 }).start()
  await keep(first, ['a'])
  for (const other of [{ uses: echo }, { uses }]) {
    const second = flowOf({ ...other, workspace })
    const started = second.start().then(() => keep(second, ['b']).finally(() => second.close()))
    await expect(started).rejects.toThrow(/is the workspace of Flow/)
  }
  expect(await kept(first)).toEqual(['a'])
})

test('a workspace on a volume is shared by replicas, refused to another Flow, and free when its Flow is closed', async () => {
  const volume = `millrace-test-${process.pid}`
  onTestFinished(async () => void (await docker('volume', 'rm', '--force', volume)))
  const stage = { uses, replicas: 2, volumes: [`${volume}:/data`], workspace: '/data' } as const
  const first = flowOf(stage)
  await first.start()
  await keep(first, ['a', 'b', 'c', 'd'])
  const second = flowOf(stage)
  const started = second.start().then(() => keep(second, ['x']).finally(() => second.close()))
  await expect(started).rejects.toThrow(/is the workspace of Flow/)
  await first.scale('echo', { replicas: 1 })
  await keep(first, ['e'])
  await first.close()
  const third = flowOf(stage)
  await third.start()
  expect(await kept(third)).toEqual(['a', 'b', 'c', 'd', 'e'])
  await third.close()
})

test('a volume created for a stage outlives its containers, and its user can write to it', async () => {
  const options = settings()
  const stage = { uses, volumes: ['/data'] } as const
  onTestFinished(
    async () => void (await docker('volume', 'rm', '--force', `millrace_${options.name}_echo_0`)),
  )
  for (const text of ['a', 'b']) {
    await using flow = await flowOf(stage, options).start()
    await keep(flow, [text], '/data')
    if (text === 'b') expect(await kept(flow, '/data')).toEqual(['a', 'b'])
  }
  expect(await docker('volume', 'ls', '--quiet', '--filter', `label=millrace.flow=${options.name}`)).toBe(
    `millrace_${options.name}_echo_0`,
  )
})

test('a folder of the machine is mounted, and limits are set', async () => {
  const folder = temporaryFolder()
  const options = settings()
  const resources = { limits: { cpu: '500m', memory: '256Mi' } }
  await using flow = await flowOf({ uses, volumes: [`${folder}:/models`], resources }, options).start()
  await keep(flow, ['here'], '/models')
  expect(readFileSync(path.join(folder, 'kept'), 'utf8')).toBe('here\n')
  const [id] = await containersOf(options.name)
  const format = '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}'
  expect(await docker('inspect', '--format', format, id!)).toBe(`${256 * 2 ** 20} 500000000`)
})

test('a workspace whose Flow was killed is free at once', async () => {
  const workspace = temporaryFolder()
  const options = settings()
  const program = path.join(import.meta.dirname, 'programs/flow.mjs')
  const image = inject('projectImage')
  const child = spawn(process.execPath, [program, options.name, image, workspace], { stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  expect(existsSync(path.join(workspace, 'Echo', '0', '.millrace.lock'))).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await using flow = await flowOf({ uses, workspace }).start()
  await keep(flow, ['after'])
  expect(await kept(flow)).toEqual(['before', 'after'].sort())
})
