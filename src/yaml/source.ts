import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { MillraceError } from '../errors.js'
import { checkSize, parseYaml } from './parse-yaml.js'
import type { Tree } from './position.js'
import { type SearchPath } from './search-path.js'
import { type Names, substitute } from './substitute.js'
import type { Warn } from './warn.js'

/** How to read a YAML file and the files it refers to. */
export interface Reading extends SearchPath, Names {
  readonly warn: Warn
}

/** Parses a text and substitutes its variables. @throws BAD_YAML */
export function readText(text: string, file: string, reading: Reading): Tree {
  const tree = parseYaml(text, file)
  substitute(tree, reading, reading.warn)
  return tree
}

/** Parses a file and substitutes its variables. @throws BAD_YAML, also when the file cannot be read */
export function readYamlFile(file: string, reading: Reading): Tree {
  return readText(textOf(file), shownPath(file), reading)
}

function textOf(file: string): string {
  try {
    checkSize(statSync(file).size, shownPath(file))
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (MillraceError.is(cause)) throw cause
    const { message } = MillraceError.from(cause)
    throw new MillraceError('BAD_YAML', `${shownPath(file)} cannot be read: ${message}.`, { cause })
  }
}

/** Relative to the working directory when the file is below it, else unchanged. */
export function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative !== '' && !relative.startsWith('..') ? relative : file
}
