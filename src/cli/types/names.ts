/** A name in an object type, quoted where it is not an identifier. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : doubleQuoted(name)
}

/** A text as a literal of TypeScript, on one line. */
export function doubleQuoted(text: string): string {
  return JSON.stringify(text)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`)
}

/** Distinct identifiers for types. */
export class TypeNames {
  readonly #taken: Set<string>

  /** @param taken Names that no type may have. */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken)
  }

  /** The wish as an identifier in PascalCase, with a number if it is taken. */
  next(wish: string): string {
    const words = wish.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
    const pascal = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
    const base = /^[A-Z]/.test(pascal) ? pascal : `Type${pascal}`
    for (let count = 1; ; count++) {
      const name = count === 1 ? base : `${base}${count}`
      if (this.#taken.has(name)) continue
      this.#taken.add(name)
      return name
    }
  }
}
