import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { inject, onTestFinished } from 'vitest'

const root = path.resolve(import.meta.dirname, '../../..')

/** The blocks of a language in a page of the documentation. */
export function blocks(page: string, language: string): readonly string[] {
  const text = readFileSync(path.join(root, page), 'utf8')
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter((match) => match[1] === language)
    .map((match) => match[2]!)
}

export interface Ended {
  readonly code: number
  readonly output: string
  readonly seconds: number
}

/** A project with the package and some files, below a toolchain, whose packages it finds; removed after the test. */
export class Project {
  readonly folder: string

  constructor(toolchain: string, files: Readonly<Record<string, string>>) {
    mkdirSync(toolchain, { recursive: true })
    this.folder = mkdtempSync(path.join(toolchain, 'project-'))
    onTestFinished(() => rmSync(this.folder, { recursive: true }))
    cpSync(inject('installed'), path.join(this.folder, 'node_modules'), { recursive: true })
    writeFileSync(path.join(this.folder, 'package.json'), '{ "private": true, "type": "module" }')
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(this.folder, name), text)
  }

  /** Runs a program in its folder, without what the test runner has set for itself. */
  run(program: string, ...args: readonly string[]): Promise<Ended> {
    const { NODE_OPTIONS: _options, VITEST: _vitest, ...env } = process.env
    const began = performance.now()
    return new Promise((resolve) => {
      execFile(program, args, { cwd: this.folder, env, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : Number(error.code ?? 1),
          output: `${stdout}${stderr}`,
          seconds: (performance.now() - began) / 1000,
        }),
      )
    })
  }
}
