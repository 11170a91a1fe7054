import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { blocks, Project } from './support/project.js'
import { toolchain } from './support/toolchain.js'

const [program = ''] = blocks('README.md', 'ts')
const [tsconfig = '{}'] = blocks('README.md', 'json')
const { compilerOptions } = JSON.parse(tsconfig) as { compilerOptions: object }
const config = (options: object): string =>
  JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: false, ...options } })

describe.each(['5.9.3', '6.0.3', '7.0.2'])('TypeScript %s', (version) => {
  let folder: string
  let tsc: string
  beforeAll(async () => {
    const packages = [`typescript@${version}`, '@types/node@20.19.43']
    folder = await toolchain(`package/typescript-${version}`, packages)
    tsc = path.join(folder, 'node_modules/typescript/bin/tsc')
  })

  it('compiles the program of the README with the tsconfig of the README, and it runs', async () => {
    const project = new Project({ 'shout.ts': program, 'tsconfig.json': config({}) }, folder)
    expect(await project.run(process.execPath, tsc)).toMatchObject({ code: 0, output: '' })
    expect(await project.run(process.execPath, 'shout.js')).toMatchObject({
      code: 0,
      output: expect.stringContaining("[ 'hello!', 'world!' ]") as string,
    })
  })

  it.each([
    [
      'without the types of Node and with the strictest options',
      { types: [], exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ],
    ['without the DOM', { lib: ['ES2022'] }],
  ])('compiles it %s', async (_name, options) => {
    const project = new Project({ 'shout.ts': program, 'tsconfig.json': config(options) }, folder)
    expect(await project.run(process.execPath, tsc, '--noEmit')).toMatchObject({ code: 0, output: '' })
  })

  it('compiles a page with the client for browsers, without the types of Node', async () => {
    const page = `import { Client, type Response, sumResults } from 'millrace/client'
      const client = new Client({ host: location.origin })
      const [document] = await client.post('/search', { text: 'water' }, { timeoutMs: 1000 })
      const responses: Response[] = await client.post('/count', undefined, { returnResponses: true })
      window.document.title = document!.text + JSON.stringify(sumResults(responses))`
    const options = { types: [], lib: ['ES2022', 'DOM'], module: 'ESNext', moduleResolution: 'Bundler' }
    const project = new Project({ 'shout.ts': page, 'tsconfig.json': config(options) }, folder)
    expect(await project.run(process.execPath, tsc, '--noEmit')).toMatchObject({ code: 0, output: '' })
  })

  it('refuses a handler that returns a text', async () => {
    const wrong = program.replace('docs.texts = ', "return 'done'; docs.texts = ")
    const options = { skipLibCheck: true }
    const project = new Project({ 'shout.ts': wrong, 'tsconfig.json': config(options) }, folder)
    const { code, output } = await project.run(process.execPath, tsc, '--noEmit')
    expect(code).not.toBe(0)
    expect(output).toMatch(/shout\.ts\(4,4\): .*decorator/)
  })
})
