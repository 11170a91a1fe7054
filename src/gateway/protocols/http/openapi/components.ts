import { ref, type Schema } from './schema.js'

/** Schemas for `components.schemas` under names that are not taken. */
export class Components {
  readonly all: Record<string, Schema> = {}
  readonly #taken: Set<string>

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken)
  }

  /** One component for equal schemas; what a class takes and gives may differ, and then the names say which it is. */
  add(
    { name, side }: { readonly name: string; readonly side: string },
    make: (at: string) => Schema,
  ): Schema {
    const plain = name.replaceAll(/[^\w.-]+/g, '_') || 'Document'
    for (let count = 0; ; count++) {
      const candidate = count === 0 ? plain : `${plain}_${side}${count === 1 ? '' : `_${count}`}`
      if (this.#taken.has(candidate)) continue
      const schema = make(ref(candidate).$ref)
      const former = Object.hasOwn(this.all, candidate) ? this.all[candidate] : undefined
      if (former === undefined) this.all[candidate] = schema
      else if (JSON.stringify(former) !== JSON.stringify(schema)) continue
      return ref(candidate)
    }
  }
}
