import type { EndpointMap, FlowTypes, TypeOptions } from '../document/typed/index.js'
import type { DeclaredBy, Known } from './as-declared.js'
import type { declaredEndpoints } from './declared-endpoints.js'
import type { ExecutorClass } from './executor.js'

/**
 * What an Executor declares of its endpoints, in its static map or with `Executor.declaring`; `never` if nothing. What is declared
 * with types alone does not count: no type tells whether a method serves it, and no value is there to be compared.
 */
type EndpointsOf<C> = [Known<StaticMap<C>> | Declared<C>] extends [never]
  ? never
  : Merged<Known<StaticMap<C>>> & Merged<Declared<C>>

type StaticMap<C> = C extends { readonly requests: infer Map } ? Map : never
type Declared<C> = C extends { readonly [declaredEndpoints]: EndpointMap }
  ? C extends abstract new (
      ...args: never[]
    ) => infer Instance
    ? DeclaredBy<Instance>
    : never
  : never
type Merged<Map> = [Map] extends [never] ? unknown : Map

/** The types of a Flow with one more stage. A stage that declares no endpoints leaves the typed ones as they are. */
export type WithStage<T extends FlowTypes, Uses> = [Uses] extends [never]
  ? Started<T>
  : Uses extends ExecutorClass
    ? [EndpointsOf<Uses>] extends [never]
      ? Opened<Started<T>>
      : {
          readonly endpoints: Joined<Started<T>['endpoints'], EndpointsOf<Uses>>
          readonly open: Started<T>['open']
        }
    : Opened<Started<T>>

/** A Flow without stages has no endpoints. */
type Started<T extends FlowTypes> = string extends keyof T['endpoints']
  ? { readonly endpoints: NoEndpoints; readonly open: false }
  : T
type Opened<T extends FlowTypes> = { readonly endpoints: T['endpoints']; readonly open: true }
type NoEndpoints = Readonly<Record<never, TypeOptions>>

/** Input and parameters are those of the first stage with an endpoint, the output is that of the last. */
type Joined<First extends EndpointMap, Last> = {
  readonly [K in keyof First | keyof Last]: K extends keyof First
    ? K extends keyof Last
      ? Through<First[K], Last[K]>
      : '/default' extends keyof Last
        ? Through<First[K], Last['/default']>
        : First[K]
    : K extends keyof Last
      ? TypesOf<Last[K]>
      : never
}
type Through<First, Last> = Only<First, 'input'> & Only<First, 'parameters'> & Only<Last, 'output'>
type TypesOf<Entry> = Only<Entry, 'input'> & Only<Entry, 'parameters'> & Only<Entry, 'output'>
type Only<Entry, Key extends string> = Entry extends { readonly [K in Key]: infer Value }
  ? { readonly [K in Key]: Value }
  : NoTypes
type NoTypes = Readonly<Record<never, never>>
