import { flowOptions } from '../plan/flow-settings.js'
import type { Option } from '../plan/option.js'
import { stageOptions } from '../plan/stage-settings.js'
import { flowKeys, gatewayKeys, type Key, type KeyTable, stageKeys } from './keys.js'

type Options = Readonly<Record<string, Option<unknown>>>

/** Sample values of each JSON type: an option accepts the type when it accepts one of them. */
const examples: Readonly<Record<string, readonly unknown[]>> = {
  boolean: [true],
  number: [1],
  array: [['grpc'], [1], ['x']],
  object: [{}, { max: 1 }, { afterMs: 1 }, { perSecond: 1 }],
}

/** Keys whose YAML form accepts more than the option of the same name, or that exist only in YAML. */
const special: Readonly<Record<string, object>> = {
  uses: {
    description:
      'an Executor: its YAML file, a class, a module as ./file.js#Class, or { jtype, with, metas, requests, py_modules }',
    type: ['string', 'object', 'null'],
  },
  py_modules: { description: 'modules that have the class', type: ['string', 'array', 'null'] },
  method: {
    description: 'how the stage is added',
    enum: ['add', 'needs', 'needs_all', 'inspect', 'gather_inspect'],
  },
}

/** JSON schema (draft 07) of the YAML of Flows and Deployments, for editors: keys, types and defaults. */
export function flowSchema(): object {
  const flow = sectionSchema(flowKeys, flowOptions)
  const stage = sectionSchema(stageKeys, stageOptions, special)
  const stages = { type: 'array', items: { anyOf: [{ type: 'string' }, stage] } }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Flow',
    type: 'object',
    required: ['jtype'],
    properties: {
      jtype: { enum: ['Flow', 'Deployment'] },
      version: { enum: ['1', 1] },
      with: { anyOf: [flow, stage] },
      gateway: sectionSchema(gatewayKeys, flowOptions),
      executors: stages,
      deployments: stages,
    },
  }
}

function sectionSchema(keys: KeyTable, table: object, own: Readonly<Record<string, object>> = {}): object {
  const properties = [...keys]
    // camelCase keys are accepted, but not suggested to people
    .filter(([key, meaning]) => !/[A-Z]/.test(key) && meaning.kind !== 'refused')
    .map(([key, meaning]) => [key, own[key] ?? keySchema(meaning, table as Options)] as const)
  return { type: 'object', properties: { ...own, ...Object.fromEntries(properties) } }
}

function keySchema(meaning: Key, table: Options): object {
  if (meaning.kind === 'without-effect') return { description: 'has no effect here' }
  if (meaning.kind === 'opposite') return { description: 'true or false', type: ['boolean', 'string'] }
  if (meaning.kind === 'member') return { description: `sets ${meaning.member} of ${meaning.option}` }
  if (meaning.kind === 'names')
    return { description: `sets ${meaning.option}`, enum: [...meaning.members.keys()] }
  const option = meaning.kind === 'option' ? table[meaning.option] : undefined
  if (option === undefined) return { description: 'not part of this version' }
  const { expected, preset } = option
  const types = Object.entries(examples).flatMap(([type, values]) =>
    values.some((value) => option.parse(value) !== undefined) ? [type] : [],
  )
  // any value may be a string with a variable such as ${{ ENV.X }}
  return { description: expected, type: ['string', 'null', ...types], default: preset }
}
