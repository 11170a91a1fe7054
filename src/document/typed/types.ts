import type { DocumentArray } from '../document-array.js'
import type { TypedArray } from '../dtype.js'
import type { Filter } from '../filter.js'
import type { FindOptions } from '../nearest.js'
import type { NdArray, NestedNumbers } from '../nd-array.js'
import type { Scores } from '../score.js'
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.js'
import type { Shape, TensorField, TensorInput } from './tensor-field.js'
import type { source, TypedBase } from './typed-document.js'

// Fields have documents and lists of them, which have fields: their types are in one file.

/** Bytes, a Uint8Array. Compare `bytes()`. */
export interface BytesField {
  readonly kind: 'bytes'
}

/** A tensor, bytes, document or list of documents that may be missing. Compare `optional()`. */
export interface OptionalField<Of extends OwnField = OwnField> {
  readonly kind: 'optional'
  readonly of: Of
}

/** Fields that no Standard Schema describes: tensors, bytes, documents `Author`, lists of documents `[Author]`. */
export type OwnField = TensorField | BytesField | DocClass | readonly [DocClass]

/** A field of `doc()`. */
export type Field = StandardSchema | OwnField | OptionalField

export type Fields = Readonly<Record<string, Field>>

/** The value of a field in a typed document. */
export type FieldValue<F> =
  F extends OptionalField<infer Of>
    ? FieldValue<Of> | undefined
    : F extends TensorField<infer Elements>
      ? NdArray<Elements>
      : F extends BytesField
        ? Uint8Array
        : F extends DocClass
          ? InstanceType<F>
          : F extends readonly [infer D extends DocClass]
            ? DocList<D>
            : F extends StandardSchema
              ? SchemaOutput<F>
              : never

/** The value of a field as plain data: documents are plain objects. */
export type FieldData<F> =
  F extends OptionalField<infer Of>
    ? FieldData<Of> | undefined
    : F extends TensorField<infer Elements>
      ? NdArray<Elements>
      : F extends BytesField
        ? Uint8Array
        : F extends DocClass
          ? Infer<F>
          : F extends readonly [infer D extends DocClass]
            ? Infer<D>[]
            : F extends StandardSchema
              ? SchemaOutput<F>
              : never

/** What may be given for a field. */
export type FieldInput<F> =
  F extends OptionalField<infer Of>
    ? FieldInput<Of> | undefined
    : F extends TensorField<infer Elements>
      ? TensorInput<Elements>
      : F extends BytesField
        ? Uint8Array
        : F extends DocClass
          ? DocInit<F> | InstanceType<F>
          : F extends readonly [infer D extends DocClass]
            ? Iterable<DocInit<D> | InstanceType<D>>
            : F extends StandardSchema
              ? SchemaInput<F>
              : never

/**
 * What a client may give for a field, which knows its class only as a type: elements of a tensor without a shape only where
 * it has one dimension, and where the array tells the dtype.
 */
type ClientInput<F> =
  F extends OptionalField<infer Of>
    ? ClientInput<Of> | undefined
    : F extends TensorField<infer Elements, infer S>
      ? NdArray<Elements> | readonly NestedNumbers[] | ClientElements<Elements, S>
      : F extends DocClass
        ? ClientInit<F> | InstanceType<F>
        : F extends readonly [infer D extends DocClass]
          ? readonly (ClientInit<D> | InstanceType<D>)[]
          : FieldInput<F>

type ClientElements<Elements, S> = S extends readonly [number | null]
  ? Elements extends Uint8Array | Uint16Array
    ? never
    : Elements
  : never

/** A document as a client sends it, by the names of its fields. */
export type ClientInit<D extends DocClass> = Plain<{ readonly id?: string } & ClientInputsOf<FieldsOf<D>>>

type ClientInputsOf<F extends Fields> = {
  readonly [K in keyof F as NeedsInput<F[K], K>]: ClientInput<F[K]>
} & {
  readonly [K in keyof F as AllowsInput<F[K], K>]?: ClientInput<F[K]>
}

/** The column of a field in a list of documents. */
export type FieldColumn<F> =
  F extends TensorField<infer Elements, infer S> ? TensorColumn<Elements, S> : FieldValue<F>[]

type TensorColumn<Elements extends TypedArray, S extends Shape | null> = S extends readonly number[]
  ? NdArray<Elements>
  : NdArray<Elements> | NdArray<Elements>[]

/** A class of typed documents, as `doc()` makes it. `class Article extends doc({ … }) {}` works too. */
export interface DocClass<F extends Fields = Fields> {
  // oxlint-disable-next-line typescript/no-explicit-any -- a class with certain fields takes no others
  new (init: any): TypedBase
  readonly fields: F
}

/** What `doc()` returns. */
export interface TypedDocClass<F extends Fields> {
  /** Throws INVALID_INPUT, naming the field, what was expected and what came. */
  new (init: InitOf<F>): TypedDocument<F>
  readonly fields: F
  /** A list of documents of this class. Throws INVALID_INPUT, naming index and field. */
  list<D extends DocClass>(this: D, documents?: DocInputs<D>): DocList<D>
}

/** One typed document: its fields, its id, and the scores that `find` and `match` give it. */
export type TypedDocument<F extends Fields> = TypedBase & ValuesOf<F>

/** A typed document as plain data, as clients get it: documents in it are plain objects, lists of them arrays. */
export type Infer<D extends DocClass> = Plain<
  { readonly id: string; readonly scores?: Scores } & DataOf<FieldsOf<D>>
>

/** Arguments of a class of typed documents; the id is random unless it is given. */
export type DocInit<D extends DocClass> = InitOf<FieldsOf<D>>

export type FieldsOf<D> = D extends { readonly fields: infer F extends Fields } ? F : never

type InitOf<F extends Fields> = Plain<{ readonly id?: string } & InputsOf<F>>

type Plain<T> = { [K in keyof T]: T[K] }

type ValuesOf<F extends Fields> = { -readonly [K in keyof F as Needs<F[K], K>]: FieldValue<F[K]> } & {
  -readonly [K in keyof F as Allows<F[K], K>]?: FieldValue<F[K]>
}
type DataOf<F extends Fields> = { -readonly [K in keyof F as Needs<F[K], K>]: FieldData<F[K]> } & {
  -readonly [K in keyof F as Allows<F[K], K>]?: FieldData<F[K]>
}
type InputsOf<F extends Fields> = { readonly [K in keyof F as NeedsInput<F[K], K>]: FieldInput<F[K]> } & {
  readonly [K in keyof F as AllowsInput<F[K], K>]?: FieldInput<F[K]>
}

type Needs<F extends Field, K> = undefined extends FieldData<F> ? never : K
type Allows<F extends Field, K> = undefined extends FieldData<F> ? K : never
type NeedsInput<F extends Field, K> = undefined extends FieldInput<F> ? never : K
type AllowsInput<F extends Field, K> = undefined extends FieldInput<F> ? K : never

/** What may be given for a list of typed documents. */
export type DocInputs<D extends DocClass> = Iterable<InstanceType<D> | DocInit<D>>

/**
 * A list of typed documents, with a column for each field: `docs.title` is a list of texts, `docs.embedding` one NdArray with a
 * row for each document. Columns of tensors share memory with the documents. A field whose name a method has is only reached by
 * `column()`.
 */
export type DocList<D extends DocClass> = DocListMethods<D> & Columns<FieldsOf<D>>

type Columns<F extends Fields> = {
  -readonly [K in Exclude<keyof F, keyof DocListMethods<DocClass>>]: FieldColumn<F[K]>
}

/** What every list of typed documents has. */
export interface DocListMethods<D extends DocClass> extends Iterable<InstanceType<D>> {
  readonly [source]: DocumentArray
  readonly length: number
  /** The document at a position, from the end when negative; undefined outside. */
  at(index: number): InstanceType<D> | undefined
  /** The first document with this id; undefined when there is none. */
  get(id: string): InstanceType<D> | undefined
  /** Appends documents; returns the new length. Throws INVALID_INPUT. */
  push(...documents: (InstanceType<D> | DocInit<D>)[]): number
  slice(start?: number, end?: number): DocList<D>
  map<T>(give: (document: InstanceType<D>, index: number) => T): T[]
  filter(keep: (document: InstanceType<D>, index: number) => unknown): DocList<D>
  /** Sorts in place, as Array does. */
  sort(compare: (left: InstanceType<D>, right: InstanceType<D>) => number): this
  /** The values of a field. */
  column<K extends keyof FieldsOf<D> & string>(name: K): FieldColumn<FieldsOf<D>[K]>
  /**
   * Sets a field of all documents: for tensors a matrix with a row for each, whose memory they share, or a list. Throws
   * INVALID_INPUT.
   */
  setColumn<K extends keyof FieldsOf<D> & string>(
    name: K,
    values: Iterable<FieldInputOf<D, K>> | NdArray,
  ): void
  /**
   * The same documents, with their ids, as another class; `more` gives the fields that they lack. Throws INVALID_INPUT.
   *
   * @example
   * return docs.to(Article, (doc) => ({ embedding: model.encode(doc.text) }))
   */
  to<T extends DocClass>(
    Class: T,
    more?: (document: InstanceType<D>, index: number) => Partial<DocInit<T>>,
  ): DocList<T>
  /**
   * Sets the `matches` of each document to its nearest candidates by `embedding`, closest first. The class needs a field
   * `matches` with a list of the candidates' class for them to be read.
   */
  match<C extends DocClass>(candidates: DocList<C>, options?: FindOptions): void
  /** The documents that pass a filter of their fields, or the nearest to a vector or document by `embedding`. */
  find(query: Filter, options?: { readonly limit?: number | null }): DocList<D>
  find(
    query: InstanceType<DocClass> | NdArray | ArrayBufferView | readonly number[],
    options?: FindOptions,
  ): DocList<D>
  /** As plain data. */
  toArray(): Infer<D>[]
  toJSON(): Infer<D>[]
}

type FieldInputOf<D extends DocClass, K> = K extends keyof DocInit<D> ? DocInit<D>[K] : never
