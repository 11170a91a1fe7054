import type { endpointTypes, TypeOptions } from '../document/typed/index.js'

/** The endpoints that a class with `Executor<Endpoints>` declares; `never` if it declares none. */
export type DeclaredBy<Instance> = Instance extends { readonly [endpointTypes]?: infer Map }
  ? Known<NonNullable<Map>>
  : never

/** A map whose keys are known. */
export type Known<Map> = string extends keyof Map ? never : Map

/**
 * A further type that the context of a decorator must have: `unknown` where the options match what the class declares for the endpoint.
 * Else an object with a property whose name says which endpoint and what differs, and whose value has the types of both, so that
 * the compiler's message has them.
 */
export type AsDeclared<Instance, Options> = [DeclaredBy<Instance>] extends [never]
  ? unknown
  : Differences<DeclaredBy<Instance>, Options>

type Differences<Map, Options> = [Difference<Map, Options, keyof Map & PathsOf<Options>>] extends [never]
  ? unknown
  : Difference<Map, Options, keyof Map & PathsOf<Options>>

type Difference<Map, Options, Path extends keyof Map> = Path extends string
  ? { [Kind in Kinds]: Compared<Path, Kind, Part<Map[Path], Kind>, Part<Options, Kind>> }[Kinds]
  : never

type Compared<Path extends string, Kind extends Kinds, Declared, Served> =
  Same<Declared, Served> extends true
    ? never
    : {
        readonly [Message in `'${Path}' is declared with another ${Kind}`]: {
          readonly declared: Declared
          readonly served: Served
        }
      }

type Kinds = keyof TypeOptions
type Part<Options, Kind extends string> = Options extends { readonly [K in Kind]: infer Value }
  ? Value
  : undefined
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

/** The endpoints of `on`; none where only their number or nothing is known. */
type PathsOf<Options> = Options extends { readonly on: infer On }
  ? Literal<On extends readonly (infer Path)[] ? Path : On>
  : '/default'
type Literal<Path> = string extends Path ? never : Path
