import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { layerOf } from './archive.js'
import { addLibraries, librariesOf } from './system-files.js'

const run = promisify(execFile)

/** Programs that the Dockerfile of a Node project calls, and some for debugging in a container. */
const programs = [
  'node',
  'npm',
  'npx',
  'sh',
  'env',
  'install',
  'rm',
  'find',
  'cat',
  'ls',
  'cp',
  'mkdir',
  'id',
  'sleep',
]

/** Its file name in a cache folder; increase the number when its content changes. */
export const baseLayerName: string = `base-${process.version}-3.layer.tar`

/**
 * A layer that stands in for `node:24-slim`, which tests cannot pull: Node and npm of this machine, the programs that a
 * Dockerfile calls, and the libraries that they load.
 */
export async function baseLayer(file: string): Promise<string> {
  const root = await mkdtemp(`${file}-`)
  try {
    for (const folder of [
      'tmp',
      'etc',
      'root',
      'home/node',
      'proc',
      'sys',
      'dev',
      'var/tmp',
      'usr/bin',
      'usr/lib',
    ])
      await mkdir(path.join(root, folder), { recursive: true })
    for (const folder of ['tmp', 'var/tmp']) await chmod(path.join(root, folder), 0o1777)
    for (const [link, target] of [
      ['bin', 'usr/bin'],
      ['lib', 'usr/lib'],
      ['lib64', 'usr/lib64'],
      ['sbin', 'usr/bin'],
    ])
      await symlink(target!, path.join(root, link!))
    for (const program of programs) await addProgram(root, await located(program))
    await cp(await npmFolder(), path.join(root, 'usr/lib/node_modules/npm'), { recursive: true })
    await write(root, 'etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n')
    await write(root, 'etc/group', 'root:x:0:\nnode:x:1000:\n')
    await write(root, 'etc/nsswitch.conf', 'hosts: files dns\n')
    await addLibraries(root, await systemLibraries())
    await addCertificates(root)
    return await layerOf(root, file)
  } finally {
    await rm(root, { recursive: true })
  }
}

async function located(program: string): Promise<string> {
  if (program === 'node') return process.execPath
  const { stdout } = await run('which', [program])
  return stdout.trim()
}

/** Copies a program, or the target of a link, to /usr/bin, with the libraries that it is linked with. */
async function addProgram(root: string, file: string): Promise<void> {
  const target = path.join(root, 'usr/bin', path.basename(file))
  const link = await readlink(file).catch(() => null)
  if (link?.includes('node_modules')) {
    await symlink(link.replace(/^.*node_modules/, '../lib/node_modules'), target)
    return
  }
  await cp(await realpath(file), target, { dereference: true })
  await addLibraries(root, await librariesOf(file))
}

/** Libraries that the C library loads for host-name lookups, and those that native packages expect on every system. */
async function systemLibraries(): Promise<readonly string[]> {
  const { stdout } = await run('ldconfig', ['-p'])
  const names = /lib(?:nss_dns|nss_files|resolv|rt|dl|gcc_s)\.so\.[12] .*x86-64.*=> (\S+)/g
  return [...stdout.matchAll(names)].map(([, file]) => file!)
}

async function addCertificates(root: string): Promise<void> {
  const file = '/etc/ssl/certs/ca-certificates.crt'
  await mkdir(path.join(root, path.dirname(file)), { recursive: true })
  await cp(await realpath(file), path.join(root, file)).catch(() => {}) // npm has its own
}

async function npmFolder(): Promise<string> {
  const { stdout } = await run('npm', ['root', '--global'])
  return path.join(stdout.trim(), 'npm')
}

async function write(root: string, file: string, text: string): Promise<void> {
  await writeFile(path.join(root, file), text)
}
