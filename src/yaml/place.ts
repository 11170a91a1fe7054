import { MillraceError } from '../errors.js'

/** Where something stands in a text; lines and columns count from 1. */
export interface Place {
  /** As the user named it, or `YAML text`. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** `flow.yml:3:5`, which terminals and editors open. */
export function shown({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}

export function badYaml(place: Place, message: string, cause?: unknown): MillraceError {
  return new MillraceError('BAD_YAML', `${shown(place)}: ${message}`, { cause })
}

/** Where the values of one text stand, by what contains them; what has no place of its own is where its text begins. */
export class Places {
  readonly start: Place
  readonly #known = new WeakMap<object, Map<string | number, Place>>()

  constructor(file: string) {
    this.start = { file, line: 1, column: 1 }
  }

  note(container: object, key: string | number, place: Place): void {
    const known = this.#known.get(container)
    if (known === undefined) this.#known.set(container, new Map([[key, place]]))
    else known.set(key, place)
  }

  of(container: object, key: string | number): Place {
    return this.#known.get(container)?.get(key) ?? this.start
  }
}

/** Plain data that a text says, and where. */
export interface Tree {
  readonly value: unknown
  readonly places: Places
}
