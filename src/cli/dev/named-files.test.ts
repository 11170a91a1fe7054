import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { namedFiles } from './named-files.js'

describe('the files that a file names', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'm-named-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(folder, name)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
  }
  const named = (entry: string, ...except: readonly string[]): readonly string[] => {
    const found = namedFiles(path.join(folder, entry), new Set(except.map((file) => path.join(folder, file))))
    return [...found].map((file) => path.relative(folder, file)).toSorted()
  }

  it.each([
    ["import './part.js'"],
    ['import { a } from "./part.js"'],
    ["export * from './part.js'"],
    ["const { a } = await import('./part.js')"],
    ["require('./part')"],
    ["import text from './part.js' with { type: 'text' }"],
  ])('finds those of %s', (text) => {
    write({ 'src/main.js': text, 'src/part.js': "import '../deep.js'", 'deep.js': '' })
    expect(named('src/main.js')).toEqual(['deep.js', 'src/main.js', 'src/part.js'])
  })

  it('finds TypeScript under its compiled name, and in a circle', () => {
    write({ 'main.ts': "import './part.js'", 'part.ts': "import './main.js'; import './m.mjs'", 'm.mts': '' })
    expect(named('main.ts')).toEqual(['m.mts', 'main.ts', 'part.ts'])
  })

  it('finds other files by URL, and Executors and configurations in YAML', () => {
    write({
      'src/flow.ts': "new URL('../flow.yml', import.meta.url)",
      'flow.yml': 'executors: [{ uses: src/a.ts#A }, { uses: "b/config.yml" }, { uses: c.js#C }]',
      'src/a.ts': '',
      'b/config.yml': 'metas: { py_modules: [b.js] }',
      'b/b.js': '',
    })
    expect(named('src/flow.ts')).toEqual(['b/b.js', 'b/config.yml', 'flow.yml', 'src/a.ts', 'src/flow.ts'])
  })

  it('leaves out packages, folders, what is not there, and exceptions with what only they name', () => {
    write({
      'main.js':
        "import 'millrace'; import './node_modules/x/x.js'; import './gone.js'; import './folder'; import './stage.js'",
      'node_modules/x/x.js': '',
      'folder/other.js': '',
      'stage.js': "import './part.js'",
      'part.js': '',
    })
    expect(named('main.js', 'stage.js')).toEqual(['main.js'])
  })
})
