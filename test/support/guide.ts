import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../..')

/** The project of docs/laptop-to-cluster.md. */
export const guideProject = path.join(root, 'examples/laptop-to-cluster/project')

const guide = (): Promise<string> => readFile(path.join(root, 'docs/laptop-to-cluster.md'), 'utf8')

/** The guide's code blocks of one kind, such as `sh docker`. */
export async function guideBlocks(kind: string): Promise<readonly string[]> {
  return [...(await guide()).matchAll(/^```([\w ]+)\n(.*?)^```$/gms)]
    .filter(([, language]) => language === kind)
    .map(([, , text]) => text!)
}

export async function guideCommands(kind: string): Promise<readonly string[]> {
  return (await guideBlocks(`sh ${kind}`)).flatMap((block) => block.trim().split('\n'))
}

export interface Guide extends AsyncDisposable {
  readonly folder: string
  /** Runs a line of the guide; resolves with its standard output. Rejects when it fails. */
  run(line: string, env?: NodeJS.ProcessEnv): Promise<string>
}

/** The project in a temporary folder, with Millrace as packed and the client packages for Docker and Kubernetes. */
export async function openGuide(): Promise<Guide> {
  const folder = await mkdtemp(path.join(tmpdir(), 'millrace-guide-'))
  const registry = await servePacked()
  await cp(guideProject, folder, { recursive: true })
  const description = path.join(folder, 'package.json')
  const text = await readFile(description, 'utf8')
  await writeFile(description, text.replace(/"\^[\d.]+"/, JSON.stringify(registry.url)))
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder })
  await linkClients(path.join(folder, 'node_modules'))
  return {
    folder,
    async run(line, env = {}) {
      const { stdout } = await run('bash', ['-ec', line], { cwd: folder, env: { ...process.env, ...env } })
      return stdout
    },
    async [Symbol.asyncDispose]() {
      await registry.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** Serves the package, so that `npm ci` in an image build can fetch it. */
async function servePacked(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'millrace-packed-'))
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root })
  const packed = await readFile(path.join(folder, stdout.trim()))
  await rm(folder, { recursive: true })
  const server = createServer((_request, response) => response.end(packed))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/millrace.tgz`,
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function linkClients(modules: string): Promise<void> {
  await mkdir(path.join(modules, '@kubernetes'), { recursive: true })
  for (const client of ['dockerode', '@kubernetes/client-node'])
    await symlink(path.join(root, 'node_modules', client), path.join(modules, client))
}

/** The output of `main.js` on a platform according to the guide. */
export async function guideOutput(platform: string): Promise<string> {
  const texts = await guideBlocks('text')
  return texts.find((text) => text.startsWith(`${platform}, `))!
}
