import { Flow } from 'millrace'
import { expect, it } from 'vitest'
import { guideCommands, guideOutput, openGuide } from '../support/guide.js'

it('the guide from the laptop to the cluster runs on Docker', { timeout: 300_000 }, async () => {
  await using guide = await openGuide()
  const said: string[] = []
  try {
    for (const line of await guideCommands('docker')) {
      // the registry that has Millrace is this program
      said.push(await guide.run(line.replace('docker build', 'docker build --network host')))
    }
    expect(said.join('')).toContain(await guideOutput('docker'))
  } finally {
    const flow = await Flow.attach({ on: 'docker', name: 'news' })
    const { stages } = await flow.status()
    await flow.close({ remove: true })
    expect(stages.map(({ name, ready }) => [name, ready])).toEqual([
      ['fast_executor', 0],
      ['slow_executor', 2],
    ])
  }
})
