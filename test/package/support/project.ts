import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
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

/**
 * A project with the package, some files and the packages of a toolchain; removed after the test. It is outside of this repository,
 * so that no tool finds the configuration or the packages of the repository.
 */
export class Project {
  readonly folder: string

  constructor(files: Readonly<Record<string, string>>, toolchain?: string) {
    this.folder = mkdtempSync(path.join(tmpdir(), 'millrace-project-'))
    onTestFinished(() => rmSync(this.folder, { recursive: true }))
    const modules = path.join(this.folder, 'node_modules')
    cpSync(inject('installed'), modules, { recursive: true })
    if (toolchain !== undefined) linkPackages(path.join(toolchain, 'node_modules'), modules)
    writeFileSync(path.join(this.folder, 'package.json'), '{ "private": true, "type": "module" }')
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(this.folder, name), text)
  }

  /** Runs a program in its folder, without what the test runner has set for itself. */
  run(program: string, ...args: readonly string[]): Promise<Ended> {
    return runIn(this.folder, program, ...args)
  }
}

/** The environment of this process without what the test runner has set for itself. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, VITEST: _vitest, NODE_ENV: _mode, ...env } = process.env
  return env
}

/** Runs a program in a folder, for at most two minutes. */
export function runIn(cwd: string, program: string, ...args: readonly string[]): Promise<Ended> {
  const began = performance.now()
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: plainEnvironment(), timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({
        code: error === null ? 0 : Number(error.code ?? 1),
        output: `${stdout}${stderr}`,
        seconds: (performance.now() - began) / 1000,
      }),
    )
  })
}

function linkPackages(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    if (name.startsWith('.') || existsSync(path.join(to, name))) continue
    if (!name.startsWith('@')) {
      symlinkSync(path.join(from, name), path.join(to, name))
      continue
    }
    mkdirSync(path.join(to, name))
    linkPackages(path.join(from, name), path.join(to, name))
  }
}
