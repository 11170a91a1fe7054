import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { Flow } from 'millrace'
import { afterEach, expect, inject, onTestFinished, test } from 'vitest'
import { CommandLine } from '../support/command-line.js'
import { containersOf, docker } from './support/docker.js'

const image = inject('projectImage')
const program = path.join(import.meta.dirname, 'programs/flow.mjs')
const made: string[] = []
const children: ChildProcess[] = []
let flows = 0

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const image of made.splice(0)) await docker('rmi', '--force', image)
})

/** A program with a Flow of two containers, once they are up. */
async function flowProgram(of: string): Promise<{ readonly name: string; readonly child: ChildProcess }> {
  const name = `orphans${process.pid}x${++flows}`
  const child = spawn(process.execPath, [program, name, of], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('it ended'))),
  ])
  expect(await containersOf(name, '--filter', 'status=running')).toHaveLength(2)
  return { name, child }
}

/** Kills the program at once. */
async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** The project in an image whose first process ignores its standard input. */
async function deafImage(): Promise<string> {
  const deaf = `millrace-deaf:${process.pid}`
  const container = await docker('create', image, 'x')
  const input = `node -e 'setInterval(() => {}, 1e6)'`
  const entry = `ENTRYPOINT ["sh", "-c", "${input} | millrace executor --uses config.yml --port 8080"]`
  await docker('commit', '--change', entry, '--change', 'CMD []', container, deaf)
  await docker('rm', container)
  made.push(deaf)
  return deaf
}

function openCommandLine(): CommandLine {
  const commandLine = new CommandLine()
  onTestFinished(() => commandLine.close())
  return commandLine
}

test('containers of Millrace exit when their program is killed; the next Flow removes them', async () => {
  const { name, child } = await flowProgram(image)
  expect((await openCommandLine().run('ps', '--orphans')).stdout).not.toContain(name)
  await kill(child)
  await expect.poll(() => containersOf(name, '--filter', 'status=running')).toEqual([])
  expect(await containersOf(name)).toHaveLength(2)
  await using _next = await new Flow({ quiet: true }).add({ name: 'echo', uses: `docker://${image}` }).start()
  expect(await containersOf(name)).toEqual([])
})

test('containers that outlive their program are listed, and removed on request', async () => {
  const { name, child } = await flowProgram(await deafImage())
  await kill(child)
  const commandLine = openCommandLine()
  const shown = await commandLine.run('ps', '--orphans')
  expect(shown.stdout).toMatch(new RegExp(`${name}\\s+echo/rep-0.*${child.pid}`))
  expect(shown.stdout).toContain('millrace ps --orphans --remove')
  const removed = await commandLine.run('ps', '--orphans', '--remove', '--json')
  const pods = (JSON.parse(removed.stdout) as { flow: string; pod: string }[]).filter(
    ({ flow }) => flow === name,
  )
  expect(pods.map(({ pod }) => pod).sort()).toEqual(['echo/rep-0', 'echo/rep-1'])
  expect(await containersOf(name)).toEqual([])
})
