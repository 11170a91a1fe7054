import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { errorCodes } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Authority } from '../src/tls/certificates.suite.js'
import { CommandLine } from './support/command-line.js'

const root = path.resolve(import.meta.dirname, '..')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const examples = readdirSync(path.join(root, 'examples')).filter((name) =>
  existsSync(path.join(root, 'examples', name, 'main.test.ts')),
)
const read = (page: string): string => readFileSync(path.join(root, page), 'utf8')

/** What this page shows needs Jina: test/interop/python-docs.test.ts runs it. */
const ofJina = 'docs/python.md'

function blocks(page: string, language: string): string[] {
  if (page === ofJina) return []
  return [...read(page).matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter((match) => match[1] === language)
    .map((match) => match[2]!)
}

describe('every TypeScript snippet runs', () => {
  const folder = path.join(root, 'build', 'snippets')
  mkdirSync(folder, { recursive: true })
  const authority = new Authority()
  const issued = authority.server({ name: 'flow.test' })
  writeFileSync(path.join(folder, 'ca.pem'), authority.cert)
  writeFileSync(path.join(folder, 'server.pem'), issued.cert)
  writeFileSync(path.join(folder, 'server-key.pem'), issued.key)
  // modules that a snippet names
  for (const module of pages.flatMap((page) => blocks(page, 'js'))) {
    const name = /^\/\/ (\S+\.js)$/m.exec(module.split('\n', 1)[0]!)?.[1]
    if (name !== undefined) writeFileSync(path.join(folder, name), module)
  }
  const tsx = import.meta.resolve('tsx')
  for (const page of pages) {
    blocks(page, 'ts').forEach((snippet, index) => {
      it(`${page}, snippet ${index + 1}`, async () => {
        const file = path.join(folder, `${page.replaceAll(/\W+/g, '-')}-${index + 1}.ts`)
        writeFileSync(file, snippet)
        const { stderr } = await promisify(execFile)(process.execPath, ['--import', tsx, file], {
          cwd: folder,
          timeout: 60_000,
        })
        expect(stderr).not.toMatch(/Error/)
      })
    })
  }
})

const commandsOf = (page: string): string[] => blocks(page, 'sh').flatMap((block) => block.trim().split('\n'))
const isInstall = (command: string): boolean => command.startsWith('npm install ')
const isMillrace = (command: string): boolean => /^(npx )?millrace /.test(command)

describe('every millrace command works on a running Flow', () => {
  let commandLine: CommandLine
  beforeAll(async () => {
    commandLine = new CommandLine()
    await commandLine.start('flow')
  })
  afterAll(() => commandLine.close())
  for (const page of pages) {
    for (const command of commandsOf(page).filter(isMillrace)) {
      it(`${page}: ${command}`, async () => {
        const words = command.replace(/^npx /, '').split(' ')
        expect(await commandLine.run(...words.slice(1))).toMatchObject({ code: 0, stderr: '' })
      })
    }
  }
})

describe('every command exists and is run by CI', () => {
  const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts)
  const run = ['.ci/run', 'scripts/verify.mjs', ...examples.map((name) => `examples/${name}/main.test.ts`)]
    .map(read)
    .join('\n')
  for (const page of [...pages, ...examples.map((name) => `examples/${name}/README.md`)]) {
    for (const command of commandsOf(page).filter((line) => !isMillrace(line) && !isInstall(line))) {
      it(`${page}: ${command}`, () => {
        const words = command.replace(/^npm run /, 'npm ').split(' ')
        expect(words[0]).toBe('npm')
        expect(scripts).toContain(words[1])
        expect(run).toContain(words[1])
      })
    }
  }
})

it('every link of the documentation leads to a file', () => {
  for (const page of [...pages, ...examples.map((name) => `examples/${name}/README.md`)]) {
    for (const [, target] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect(
        () => readFileSync(path.join(root, path.dirname(page), target!)),
        `${page}: ${target}`,
      ).not.toThrow()
    }
  }
})

it('docs/errors.md has every error code and no other', () => {
  const documented = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)`/gm)].map((match) => match[1])
  expect(documented.sort()).toEqual(Object.keys(errorCodes).sort())
})
