import { expect, it } from 'vitest'
import { createPlan } from '../plan/flow-plan.js'
import { startOnPlatform } from './index.js'

it.each([
  ['docker', 'docker-compose'],
  ['kubernetes', 'kubernetes'],
] as const)('a Flow with auth is not started on %s: the refusal says what to do', async (on, target) => {
  const plan = createPlan({ auth: { bearer: { env: 'TOKENS' } } })
  const tools = { report: () => {}, signal: new AbortController().signal }
  await expect(startOnPlatform(plan, { on }, tools)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining(`millrace export ${target}`) as string,
  })
})
