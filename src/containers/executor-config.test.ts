import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { executorConfig } from './executor-config.js'
import { Indexer, planOf, project } from '../export/fixture.suite.js'

const container = { shardId: 0, workspace: '/workspace', project }
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

it('the file of a container lists all modules of the Executor’s YAML', () => {
  const uses = {
    jtype: 'Indexer',
    py_modules: [here('names.ts'), here('../export/fixture.suite.ts')],
    with: { a: 1 },
  }
  const plan = planOf({}, { name: 'a', uses })
  expect(executorConfig(plan, plan.stages[0]!, container).file).toEqual({
    jtype: 'Indexer',
    py_modules: ['/app/src/containers/names.ts', '/app/src/export/fixture.suite.ts'],
    with: { a: 1 },
  })
})

it('options that YAML would substitute are passed as an argument, which is not substituted', () => {
  const plan = planOf({}, { name: 'a', uses: Indexer, usesWith: { path: '$HOME' }, usesMetas: { name: 'a' } })
  const { file, args } = executorConfig(plan, plan.stages[0]!, container)
  expect(file).toMatchObject({ metas: { name: 'a' } })
  expect(file).not.toHaveProperty('with')
  expect(args.slice(-2)).toEqual(['--uses-with', '{"path":"$HOME"}'])
})

it('a variable of the environment stays in the file, and is substituted in the container', () => {
  const usesWith = { token: '${{ ENV.TOKEN }}' }
  const plan = planOf({}, { name: 'a', uses: Indexer, usesWith })
  const { file, args } = executorConfig(plan, plan.stages[0]!, container)
  expect(file).toMatchObject({ with: usesWith })
  expect(args).not.toContain('--uses-with')
})

const python = { name: 'a', uses: `${here('../pods/python/check.py')}#Flow`, image: 'shop-python:1' } as const

it('an Executor in Python is found below the folder of the project, and by its interpreter', () => {
  const plan = planOf({}, { ...python, usesWith: { a: 1 }, python: '/opt/venv/bin/python' })
  const { file, args } = executorConfig(plan, plan.stages[0]!, container)
  expect(file).toEqual({ jtype: 'Flow', py_modules: ['/app/src/pods/python/check.py'], with: { a: 1 } })
  expect(args).toEqual(expect.arrayContaining(['--python', '/opt/venv/bin/python']))
})

it('an Executor that Python imports needs no file', () => {
  const plan = planOf({}, { ...python, uses: 'python:shop.encoder.Encoder', usesWith: { a: 1 } })
  const { file, args } = executorConfig(plan, plan.stages[0]!, container)
  expect(file).toBe(null)
  expect(args.slice(0, 3)).toEqual(['executor', '--uses', 'python:shop.encoder.Encoder'])
  expect(args.slice(-2)).toEqual(['--uses-with', '{"a":1}'])
})

it('an Executor in Python needs an image of its own', () => {
  const { image: _, ...stage } = python
  const plan = planOf({}, stage)
  expect(() => executorConfig(plan, plan.stages[0]!, container)).toThrow(
    /^stage 'a': its Executor Flow is in Python, which the image of this project does not have.*image: 'NAME'/,
  )
})
