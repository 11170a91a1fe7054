import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { pythonPath, runPython } from './python.js'

// What docs/python.md shows, run as it stands there.

const root = path.resolve(import.meta.dirname, '../..')
const page = readFileSync(path.join(root, 'docs/python.md'), 'utf8')
// inside the package, so that its snippets import it by name
const folder = path.join(root, 'build', 'snippets-python')

const blocks = (language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text!)

const env = { ...process.env, VIRTUAL_ENV: path.dirname(path.dirname(pythonPath())) }

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  for (const text of [...blocks('py'), ...blocks('yaml')]) {
    const [, name] = /^# (\S+)$/m.exec(text.split('\n', 1)[0]!) ?? []
    writeFileSync(path.join(folder, name!), text)
  }
})

afterAll(() => rmSync(folder, { recursive: true }))

test('the program starts the Executor and calls it', async () => {
  const [program, ...others] = blocks('ts')
  expect(others).toEqual([])
  writeFileSync(path.join(folder, 'main.ts'), program!)
  const args = ['--import', import.meta.resolve('tsx'), 'main.ts']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env })
  expect(stdout).toBe("[ 'HELLO!' ]\n")
})

test('the command runs the YAML', async () => {
  const [command, ...others] = blocks('sh').map((text) => text.trim().split(' '))
  expect([command![0], others]).toEqual(['millrace', []])
  const main = path.join(root, 'dist', 'cli', 'main.js')
  const child = spawn(process.execPath, [main, ...command!.slice(1)], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit')
  try {
    let output = ''
    const port = await new Promise<number>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output += text
        const [, said] = /Local access:.*:(\d+)/.exec(output) ?? []
        if (said !== undefined) resolve(Number(said))
      })
      void exited.then(() => reject(new Error(output)))
    })
    const [answer] = await runPython<{ docs: { text: string }[] }[]>('jina_pods.py', {
      port,
      requests: [['/', ['hello']]],
    })
    expect(answer!.docs.map(({ text }) => text)).toEqual(['HELLO?'])
  } finally {
    child.kill('SIGTERM')
  }
  expect(await exited).toEqual([0, null])
})
