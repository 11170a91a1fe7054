import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runCommand } from '../run.js'
import { clockFinding, roomFinding, roomFor, writeFindings } from './disk.js'
import type { Finding } from './finding.js'
import { cpuLimitIn, machineFindings } from './machine.js'
import { nodeFinding } from './node-check.js'
import { openFilesFinding, openFilesLimit } from './open-files.js'
import { dockerFinding, kubernetesFinding } from './platforms.js'
import { portFindings } from './ports.js'
import { proxiesFinding } from './proxies.js'

function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'm-doctor-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

describe('the doctor', () => {
  it.each([
    ['v20.18.3', 'wrong'],
    ['v18.20.0', 'wrong'],
    ['v20.19.0', 'ok'],
    ['v24.1.0', 'ok'],
    ['v25.0.0', 'note'],
  ])('judges Node %s: %s', (version, state) => {
    expect(nodeFinding(version)).toMatchObject({ check: 'node', state })
  })

  it.each([
    [256, 'wrong'],
    [1024, 'note'],
    [65_536, 'ok'],
    [null, 'ok'],
  ])('judges a limit of %s open files: %s', (limit, state) => {
    expect(openFilesFinding(limit).state).toBe(state)
  })

  it('reads the limit of open files of the system', async () => {
    const limit = await openFilesLimit()
    expect(limit === null || limit > 0).toBe(true)
  })

  it.each<[Readonly<Record<string, string>>, Finding['state'], RegExp]>([
    [{}, 'ok', /none/],
    [
      { http_proxy: 'http://user:secret@proxy:3128' },
      'note',
      /^http_proxy is set, also for localhost and 127/,
    ],
    [{ GRPC_PROXY: 'x', NO_PROXY: 'localhost' }, 'note', /^grpc_proxy is set, also for 127\.0\.0\.1:/],
    [{ https_proxy: 'x', no_proxy: 'localhost, 127.0.0.1' }, 'ok', /not for localhost and 127/],
    [{ all_proxy: 'x', no_proxy: '*' }, 'ok', /^all_proxy is set/],
  ])('judges the proxies %j: %s', (env, state, found) => {
    const finding = proxiesFinding(env)
    expect(finding).toMatchObject({ state, found: expect.stringMatching(found) as string })
    expect(JSON.stringify(finding)).not.toContain('secret')
  })

  it('finds ports that are taken, that this machine does not have, and free ones', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    expect(await portFindings('127.0.0.1', [port, 0])).toMatchObject([
      { check: `port ${port}`, state: 'wrong', found: expect.stringContaining('taken') as string },
    ])
    taken.close()
    await once(taken, 'close')
    expect(await portFindings('127.0.0.1', [port])).toMatchObject([{ state: 'ok' }])
    expect(await portFindings('203.0.113.1', [port])).toMatchObject([
      { state: 'wrong', found: '203.0.113.1 is no address of this machine' },
    ])
    expect(await portFindings('127.0.0.1', [0])).toMatchObject([{ check: 'ports', state: 'ok' }])
  })

  it.each([
    [{ bytes: 50_000_000, inodes: 1e6 }, 'wrong', '50 MB, 1000000 files'],
    [{ bytes: 5e9, inodes: 10 }, 'wrong', '5.0 GB, 10 files'],
    [{ bytes: 500_000_000, inodes: null }, 'note', '500 MB free'],
    [{ bytes: 50e9, inodes: 1e6 }, 'ok', '50 GB'],
  ])('judges the room %j: %s', (room, state, found) => {
    expect(roomFinding({ folder: 'data', ...room })).toMatchObject({
      state,
      found: expect.stringContaining(found) as string,
    })
  })

  it('measures where a workspace would be, and leaves nothing there', async () => {
    const made = folder()
    const workspace = path.join(made, 'not', 'there', 'yet')
    expect((await roomFor(workspace)).bytes).toBeGreaterThan(0)
    expect(await writeFindings(workspace)).toMatchObject([{ check: 'clock' }])
    const file = path.join(made, 'file')
    writeFileSync(file, '')
    expect(await writeFindings(file)).toMatchObject([{ check: 'workspace', state: 'wrong' }])
  })

  it.each([
    [500, 'ok'],
    [90_000, 'note'],
    [-90_000, 'note'],
  ])('judges a clock that differs by %s ms: %s', (skew, state) => {
    expect(clockFinding(skew).state).toBe(state)
  })

  it('reads the lowest CPU limit of a control group and those above it', () => {
    const root = folder()
    mkdirSync(path.join(root, 'a/b'), { recursive: true })
    expect(cpuLimitIn(root, '/a/b')).toBeNull()
    writeFileSync(path.join(root, 'a/cpu.max'), '150000 100000\n')
    writeFileSync(path.join(root, 'a/b/cpu.max'), 'max 100000\n')
    expect(cpuLimitIn(root, '/a/b')).toBe(1.5)
    writeFileSync(path.join(root, 'cpu.max'), '50000 100000\n')
    expect(cpuLimitIn(root, '/a/b')).toBe(0.5)
  })

  it('judges CPUs and memory', () => {
    const big = { cpus: 8, cpuLimit: null, memoryBytes: 16e9, freeBytes: 8e9 }
    expect(machineFindings(big)).toMatchObject([
      { state: 'ok', found: '8 CPUs' },
      { state: 'ok', found: '8.0 GB free of 16 GB' },
    ])
    expect(machineFindings({ ...big, cpuLimit: 0.5, freeBytes: 1e8 })).toMatchObject([
      { state: 'note', found: '8 CPUs, of which the container may use 0.5' },
      { state: 'note', found: '100 MB free of 16 GB' },
    ])
  })

  it('finds engines and clusters that are named and not there', async () => {
    const home = folder()
    expect(await dockerFinding({ DOCKER_HOST: `unix://${home}/none.sock` })).toMatchObject({
      check: 'docker',
      state: 'wrong',
    })
    expect(await kubernetesFinding({ KUBECONFIG: path.join(home, 'none') })).toMatchObject({
      state: 'wrong',
      advice: 'Correct KUBECONFIG, or unset it.',
    })
    writeFileSync(path.join(home, 'config'), '')
    const named = { KUBECONFIG: path.join(home, 'config'), PATH: home }
    expect(await kubernetesFinding(named)).toMatchObject({
      state: 'note',
      found: 'there is a kubeconfig, but no kubectl',
    })
    const kubectl = (script: string): void =>
      writeFileSync(path.join(home, 'kubectl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    kubectl(`echo '{"serverVersion":{"gitVersion":"v1.33.1"}}'`)
    expect(await kubernetesFinding(named)).toMatchObject({ state: 'ok', found: 'cluster of v1.33.1' })
    kubectl('echo "{}"; echo "connection refused" >&2; exit 1')
    expect(await kubernetesFinding(named)).toMatchObject({
      state: 'note',
      found: 'the cluster does not answer: connection refused',
    })
  })

  it('prints a line for each check, and what to do below it', async () => {
    const file = path.join(folder(), 'flow.yml')
    writeFileSync(file, 'jtype: Flow\nwith: { port: 0 }\nexecutors: [{ name: a }]\n')
    const run = async (...args: readonly string[]) => {
      let out = ''
      const outcome = await runCommand(args, { out: (text) => (out += text), colour: false })
      return { ...outcome, out }
    }
    const { out, complaint } = await run('doctor', file)
    expect(complaint).toBeNull()
    expect(out).toMatch(/^ok +node +Node v\d+/m)
    expect(out).toMatch(/^ok +flow +.*flow\.yml has 1 stages?$/m)
    expect(out).toMatch(/^ok +ports +the system chooses one$/m)
    const refused = await run('doctor', path.join(path.dirname(file), 'none.yml'), '--json')
    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.out)).toContainEqual({
      check: 'flow',
      state: 'wrong',
      found: expect.stringContaining('There is no file') as string,
      advice: 'Correct it.',
    })
  })
})
