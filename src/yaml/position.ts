import { MillraceError } from '../errors.js'

/** A position in a source text; lines and columns count from 1. */
export interface Position {
  /** The file name as the user wrote it, or `YAML text`. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** A number as it is written: `1.0`. */
  readonly written?: string
}

/** `flow.yml:3:5`, a form that terminals and editors can open. */
export function shown({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}

export function badYaml(position: Position, message: string, cause?: unknown): MillraceError {
  return new MillraceError('BAD_YAML', `${shown(position)}: ${message}`, { cause })
}

/** Source positions of the values of one text, by container and key. A value that was not noted has the position of the text's start. */
export class Positions {
  readonly start: Position
  readonly #known = new WeakMap<object, Map<string | number, Position>>()

  constructor(file: string) {
    this.start = { file, line: 1, column: 1 }
  }

  note(container: object, key: string | number, position: Position): void {
    const known = this.#known.get(container)
    if (known === undefined) this.#known.set(container, new Map([[key, position]]))
    else known.set(key, position)
  }

  of(container: object, key: string | number): Position {
    return this.#known.get(container)?.get(key) ?? this.start
  }
}

/** Plain data with its source positions. */
export interface Tree {
  readonly value: unknown
  readonly positions: Positions
}
