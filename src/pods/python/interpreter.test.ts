import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { findInterpreter } from './interpreter.js'

const folder = mkdtempSync(path.join(tmpdir(), 'millrace-interpreter-'))
afterAll(() => rmSync(folder, { recursive: true }))

function program(...segments: readonly string[]): string {
  const file = path.join(folder, ...segments)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, '#!/bin/sh\n')
  chmodSync(file, 0o755)
  return file
}

const active = program('active', 'bin', 'python')
const system = program('system', 'python3')
const named = program('system', 'python3.11')
const project = path.join(folder, 'project')
mkdirSync(path.join(project, '.venv', 'bin'), { recursive: true })
const linked = path.join(project, '.venv', 'bin', 'python')
symlinkSync(system, linked)
const bare = path.join(folder, 'bare')
mkdirSync(bare)
writeFileSync(path.join(bare, 'python'), 'no program')

const PATH = ['', 'relative', path.dirname(system)].join(path.delimiter)
const VIRTUAL_ENV = path.join(folder, 'active')

it.each<[string, string | null, Record<string, string>, string, string]>([
  ['the option, from the working directory', '.venv/bin/python', { PATH, VIRTUAL_ENV }, project, linked],
  ['the option, in PATH', 'python3.11', { PATH, VIRTUAL_ENV }, project, named],
  ['VIRTUAL_ENV', null, { PATH, VIRTUAL_ENV }, project, active],
  ['.venv, whose link is not followed', null, { PATH }, project, linked],
  ['.venv, when VIRTUAL_ENV has no Python', null, { PATH, VIRTUAL_ENV: bare }, project, linked],
  ['python3 in PATH', null, { PATH, VIRTUAL_ENV: '' }, bare, system],
])('takes %s', (_, option, env, cwd, expected) => {
  expect(findInterpreter(option, "stage 'a'", { env, cwd })).toBe(expected)
})

it.each<[string | null, string, RegExp]>([
  [
    'missing/python',
    'INVALID_OPTION',
    /^stage 'a': python is "missing\/python", and there is no program \S+bare\/missing\/python\./,
  ],
  ['./python', 'INVALID_OPTION', /there is no program \S+bare\/python\./],
  ['python9', 'INVALID_OPTION', /no folder of PATH has it\. Name the interpreter of an environment/],
  [
    null,
    'MODULE_NOT_FOUND',
    /there is no Python: VIRTUAL_ENV names none.*no folder of PATH has python3\. Set python/,
  ],
])('refuses when python is %j', (option, code, message) => {
  expect(() => findInterpreter(option, "stage 'a'", { env: { PATH: '/nowhere' }, cwd: bare })).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
  )
})
