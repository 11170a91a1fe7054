import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { addStage, createPlan } from './flow-plan.js'
import type { StageOptions } from './stage-settings.js'

const folder = mkdtempSync(path.join(tmpdir(), 'millrace-python-'))
const file = path.join(folder, 'encoder.py')
writeFileSync(file, 'class Encoder: pass\n')
afterAll(() => rmSync(folder, { recursive: true }))

const plan = (options: StageOptions) => addStage(createPlan({}), { name: 'a', ...options })

it.each<[string, StageOptions['uses'] & {}, object]>([
  ['a file', `${file}#Encoder`, { files: [file], module: null, className: 'Encoder' }],
  [
    'an imported module',
    'python:shop.encoder.Encoder',
    { files: [], module: 'shop.encoder', className: 'Encoder' },
  ],
  [
    'py_modules',
    { jtype: 'Encoder', py_modules: file },
    { files: [file], module: null, className: 'Encoder' },
  ],
])('a class of Python is named by %s', (_, uses, expected) => {
  expect(plan({ uses }).stages[0]!.source).toEqual({ kind: 'python', ...expected })
})

it.each<[StageOptions, string, RegExp]>([
  [{ uses: file }, 'INVALID_EXECUTOR', /a Python file but not a class/],
  [{ uses: path.join(folder, 'missing.py#A') }, 'MODULE_NOT_FOUND', /missing\.py/],
  [{ uses: 'python:Encoder' }, 'INVALID_EXECUTOR', /'python:encoder\.Encoder', not "python:Encoder"/],
  [{ uses: 'python:a-b.C' }, 'INVALID_EXECUTOR', /not "python:a-b\.C"/],
  [{ uses: 'python:a.B', runtime: 'thread' }, 'INVALID_OPTION', /runtime 'thread'\. Leave runtime out/],
  [{ uses: 'python:a.B', runtime: 'inline' }, 'INVALID_OPTION', /runtime 'inline'\. Leave runtime out/],
  [{ uses: 'python:a.B', maxConcurrency: 2 }, 'INVALID_OPTION', /maxConcurrency has no meaning/],
  [{ python: 'python3' }, 'INVALID_OPTION', /python is "python3", but its Executor is not one in Python/],
])('refuses %j', (options, code, message) => {
  expect(() => plan(options)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
  )
})

it('the interpreter of a stage is also that of the Executors before and behind it', () => {
  const { stages } = plan({
    shards: 2,
    usesAfter: 'python:a.Join',
    uses: 'python:a.Index',
    python: 'python3.11',
  })
  expect(stages.map(({ name, python }) => [name, python])).toEqual([
    ['a', 'python3.11'],
    ['a_after', 'python3.11'],
  ])
})
