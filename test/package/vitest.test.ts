import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { blocks, Project } from './support/project.js'
import { toolchain } from './support/toolchain.js'

const config = blocks('docs/programs.md', 'ts').find((block) => block.includes('vitest/config')) ?? ''

const shout = `import { type DocumentArray, Executor, requests } from 'millrace'

export class Shout extends Executor {
  @requests('/shout')
  shout(docs: DocumentArray) {
    docs.texts = docs.texts.map((text) => \`\${text}!\`)
  }
}
`
const tests = (runtimes: readonly string[]): string => `import { Flow } from 'millrace'
import { expect, test } from 'vitest'

test.each(${JSON.stringify(runtimes)} as const)('%s', async (runtime) => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({ uses: Shout, runtime })
  await flow.start()
  expect((await flow.post('/shout', [{ text: 'a' }])).texts).toEqual(['a!'])
  await flow.close()
}, 30_000)
`
const everywhere = tests(['process', 'thread', 'inline'])

describe.each([
  ['7.3.8', {}],
  ['8.4.0', { 'vitest.config.ts': config }],
])('Vitest with Vite %s', (vite, files: Record<string, string>) => {
  let folder: string
  let vitest: string
  beforeAll(async () => {
    const packages = ['vitest@4.1.12', `vite@${vite}`, 'tsx@4.23.15', 'esbuild@0.28.2']
    folder = await toolchain(`package/vite-${vite}`, packages)
    vitest = path.join(folder, 'node_modules/vitest/vitest.mjs')
  })

  it('runs a Flow whose Executor is in a file of its own', async () => {
    const test = `import { Shout } from './shout.js'\n${everywhere}`
    const project = new Project({ ...files, 'shout.ts': shout, 'shout.test.ts': test }, folder)
    const { code, output } = await project.run(process.execPath, vitest, 'run')
    expect(output).toContain('3 passed')
    expect(code).toBe(0)
  })

  it('runs a Flow whose Executor is in the test, inline', async () => {
    const project = new Project({ ...files, 'shout.test.ts': `${shout}${tests(['inline'])}` }, folder)
    expect(await project.run(process.execPath, vitest, 'run')).toMatchObject({ code: 0 })
  })

  it.each(['process', 'thread'])(
    'says what to do when the Executor of a %s is in the test',
    async (runtime) => {
      const project = new Project({ ...files, 'shout.test.ts': `${shout}${tests([runtime])}` }, folder)
      const { code, output } = await project.run(process.execPath, vitest, 'run')
      expect(output).toContain("define the class in a file of its own, or use runtime: 'inline'")
      expect(code).toBe(1)
    },
  )
})
