import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Engine {
  /** In the form of DOCKER_HOST. */
  readonly host: string
  stop(): Promise<void>
}

const patienceMs = 60_000

/**
 * A Docker engine for tests: the one at DOCKER_HOST if that is set, otherwise a new one with its own folders, which needs
 * root and Debian's `docker.io`.
 */
export async function startEngine(): Promise<Engine> {
  const given = process.env.DOCKER_HOST
  if (given !== undefined) return { host: given, stop: async () => {} }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-docker-'))
  const socket = path.join(folder, 'docker.sock')
  const log = path.join(folder, 'log')
  const output = openSync(log, 'a')
  const args = [
    ['--data-root', path.join(folder, 'data')],
    ['--exec-root', path.join(folder, 'exec')],
    ['--pidfile', path.join(folder, 'pid')],
    ['--host', `unix://${socket}`],
  ].flat()
  const daemon = spawn('dockerd', args, { stdio: ['ignore', output, output] })
  closeSync(output)
  const failed = new Promise<never>((_resolve, reject) => {
    daemon.once('error', (error) => reject(new Error(`${needs} (${error.message})`)))
    daemon.once('exit', (code) => reject(new Error(`dockerd ended with ${code}. ${needs}\n${tailOf(log)}`)))
  })
  failed.catch(() => {}) // told while it starts
  await Promise.race([failed, answering(socket)])
  return { host: `unix://${socket}`, stop: () => stop(daemon, folder) }
}

const needs =
  'Tests with Docker need an engine: set DOCKER_HOST to a running one, or run as root with dockerd in the PATH (apt-get install docker.io iptables).'

async function answering(socket: string): Promise<void> {
  for (const end = Date.now() + patienceMs; Date.now() < end; ) {
    if (existsSync(socket) && (await isAnswering(socket))) return
    await sleep(100)
  }
  throw new Error(`dockerd did not answer within ${patienceMs / 1000} s.`)
}

function isAnswering(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping' }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.on('error', () => resolve(false))
    asked.end()
  })
}

async function stop(daemon: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => {
    daemon.once('exit', resolve)
  })
  if (daemon.exitCode === null && daemon.kill('SIGTERM')) await ended
  await unmountAll(folder)
  await rm(folder, { recursive: true, force: true })
}

/** Mounts that the engine left behind: sometimes the namespace of its host network. */
async function unmountAll(folder: string): Promise<void> {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((point) => point.startsWith(`${folder}/`))
  for (const point of points.toReversed()) await run('umount', ['--lazy', point])
}

function tailOf(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-10).join('\n')
}
