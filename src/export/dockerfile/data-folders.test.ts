import { describe, expect, it } from 'vitest'
import { Executor } from '../../executor/executor.js'
import { VectorIndexer } from '../../indexer/vector-indexer.js'
import { addStage, createPlan } from '../../plan/flow-plan.js'
import type { FlowOptions } from '../../plan/flow-settings.js'
import type { StageOptions } from '../../plan/stage-settings.js'
import { dataFolders } from './data-folders.js'

class Keeper extends Executor {
  static override module: string = import.meta.url
}

const folders = (stage: StageOptions, flow: FlowOptions = {}): readonly string[] =>
  dataFolders(addStage(createPlan(flow), { uses: Keeper, ...stage }), '/shop')

describe('data folders of a Flow below its project', () => {
  it.each<[string, StageOptions, FlowOptions, readonly string[]]>([
    ['the workspace of the Flow', {}, { workspace: './data' }, ['data']],
    ['the workspace of a stage', { workspace: 'data/keeper/' }, {}, ['data/keeper']],
    ['both, when another stage may use that of the Flow', { workspace: 'b' }, { workspace: 'a' }, ['a', 'b']],
    ['an absolute path in the project', { workspace: '/shop/data' }, {}, ['data']],
    ['the workspace of the Executor', { usesMetas: { workspace: 'metas' } }, {}, ['metas']],
    ['a workspace among its options', { usesWith: { workspace: 'own' } }, {}, ['own']],
    ['snapshots of an index', { uses: VectorIndexer, usesWith: { snapshots: 'saved' } }, {}, ['saved']],
    ['mounted folders', { volumes: ['./models:/models', 'named:/other', '/else'] }, {}, ['models']],
    ['only the folder of the Executor when the workspace is the project', { workspace: '.' }, {}, ['Keeper']],
    ['each once', { workspace: 'data', volumes: './data:/data' }, { workspace: 'data' }, ['data']],
    ['none elsewhere', { workspace: '/var/data', usesWith: { workspace: '../up' } }, {}, []],
    ['none by default: .millrace is always left out', {}, {}, []],
  ])('has %s', (_what, stage, flow, expected) => {
    expect(folders(stage, flow)).toEqual(expected)
  })
})
