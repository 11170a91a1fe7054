import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { guideBlocks, guideCommands, guideOutput, guideProject, openGuide } from './support/guide.js'

it('the guide from the laptop to the cluster shows the files of its project', async () => {
  const files = ['my-tokenizer.js', 'flow.js', 'main.js'].map((name) =>
    readFileSync(path.join(guideProject, name), 'utf8'),
  )
  expect(await guideBlocks('js')).toEqual(files)
})

it('the guide from the laptop to the cluster runs on the laptop', { timeout: 120_000 }, async () => {
  await using guide = await openGuide()
  const said = []
  for (const line of await guideCommands('localhost')) said.push(await guide.run(line))
  expect(said.join('')).toBe(await guideOutput('localhost'))
})
