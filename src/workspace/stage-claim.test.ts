import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { temporaryFolder } from './fixtures.suite.js'
import { claimForStage } from './stage-claim.js'

it('a folder is of one stage of a Flow, and of another stage of a later one', () => {
  const shard = temporaryFolder()
  claimForStage(shard, { flow: 'first', stage: 'a' })
  claimForStage(shard, { flow: 'first', stage: 'a' })
  expect(() => claimForStage(shard, { flow: 'first', stage: 'b' })).toThrow(
    expect.objectContaining({
      code: 'WORKSPACE_CONFLICT',
      message: expect.stringMatching(/is the workspace of stage 'a', and stage 'b'/) as string,
    }),
  )
  claimForStage(shard, { flow: 'second', stage: 'b' })
  expect(readdirSync(shard)).toHaveLength(1)
})
