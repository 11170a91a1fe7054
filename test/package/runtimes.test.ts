import path from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'
import { blocks, Project } from './support/project.js'
import { node, toolchain } from './support/toolchain.js'

const [program = ''] = blocks('README.md', 'ts')
const [native = ''] = blocks('docs/programs.md', 'ts')
const compiled = ts.transpileModule(program, {
  compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
}).outputText

/** The class of the program, which starts nothing. */
const shoutOnly = program.slice(0, program.indexOf('const flow')).replace('class Shout', 'export class Shout')

const files = { 'shout.ts': program, 'shout.js': compiled, 'native.ts': native }
const answer = /\[ ['"]hello!['"]/

describe.each([20, 22, 24, 26])('Node %i', (version) => {
  let program: string
  let folder: string
  beforeAll(async () => {
    program = await node(version)
    folder = await toolchain('package/tsx', ['tsx@4.23.15'])
  })

  it('runs the program of the README, compiled', async () => {
    const project = new Project(files)
    const { code, output } = await project.run(program, 'shout.js')
    expect(output).toMatch(answer)
    expect(code).toBe(0)
  })

  it('runs it under tsx', async () => {
    const project = new Project(files, folder)
    const { code, output } = await project.run(program, '--import', 'tsx', 'shout.ts')
    expect(output).toMatch(answer)
    expect(code).toBe(0)
  })

  it.runIf(version >= 22)(
    'runs TypeScript without a loader, and says what to do about decorators',
    async () => {
      // Node cannot parse `await using` before 24
      const text = native.replace('await using flow', 'const flow').concat('\nawait flow.close()\n')
      const yaml = 'jtype: Flow\nwith: {port: 0}\nexecutors:\n  - {uses: ./shout.ts#Shout}\n'
      const project = new Project({ 'native.ts': text, 'shout.ts': shoutOnly, 'flow.yml': yaml })
      const { code, output } = await project.run(program, 'native.ts')
      expect(output).toMatch(answer)
      expect(code).toBe(0)
      const refused = await project.run(program, 'node_modules/millrace/dist/cli/main.js', 'flow', 'flow.yml')
      expect(refused.code).toBe(1)
      expect(refused.output).toMatch(/install tsx/)
    },
  )
})

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('another runtime', () => {
  it('Deno runs the program of the README', async () => {
    const folder = await toolchain('package/deno', ['@deno/linux-x64-glibc@2.9.6'])
    const deno = path.join(folder, 'node_modules/@deno/linux-x64-glibc/deno')
    for (const file of ['shout.ts', 'native.ts']) {
      const project = new Project(files)
      const { code, output } = await project.run(deno, 'run', '-A', '--node-modules-dir=manual', file)
      expect(output).toMatch(answer)
      expect(code).toBe(0)
    }
  })

  it('Bun runs the program of the README', async () => {
    const folder = await toolchain('package/bun', ['@oven/bun-linux-x64@1.4.5'])
    const bun = path.join(folder, 'node_modules/@oven/bun-linux-x64/bin/bun')
    for (const file of ['shout.ts', 'native.ts']) {
      const project = new Project(files)
      const { code, output } = await project.run(bun, file)
      expect(output).toMatch(answer)
      expect(code).toBe(0)
    }
  })
})
