import path from 'node:path'
import { parseVolume } from '../../plan/container.js'
import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'

/**
 * The folders in which a Flow keeps data below the folder of its project: workspaces, snapshots of a `VectorIndexer`, and
 * sources of `volumes`. Relative to the project, with `/`. Relative paths of the Flow count from the project, where its
 * program runs.
 */
export function dataFolders({ settings, stages }: FlowPlan, project: string): readonly string[] {
  const folders = stages.flatMap((stage) => [
    ...workspacesOf(stage, settings.workspace).flatMap((folder) => below(project, folder, classOf(stage))),
    ...otherFolders(stage).flatMap((folder) => below(project, folder)),
  ])
  return [...new Set(folders)].toSorted()
}

function workspacesOf(
  { workspace, usesMetas, usesWith }: StagePlan,
  ofFlow: string | null,
): readonly string[] {
  return [ofFlow, workspace, usesMetas.workspace, usesWith.workspace].filter(isText)
}

function otherFolders(stage: StagePlan): readonly string[] {
  const snapshots = classOf(stage) === 'VectorIndexer' ? stage.usesWith.snapshots : null
  const mounted = stage.volumes.map((volume) => parseVolume(volume)?.source).filter(isText)
  return [snapshots, ...mounted.filter((source) => /^[./]/.test(source))].filter(isText)
}

function classOf({ source }: StagePlan): string | undefined {
  return source.kind === 'module' ? (source.className ?? source.executorClass?.name) : undefined
}

/** @param inside the part of the folder that has data when the folder is the project itself */
function below(project: string, folder: string, inside?: string): readonly string[] {
  const relative = path.relative(project, path.resolve(project, folder))
  if (relative === '') return inside === undefined ? [] : [inside]
  const isOutside = path.isAbsolute(relative) || relative.split(path.sep)[0] === '..'
  return isOutside ? [] : [relative.replaceAll(path.sep, '/')]
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
