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
