import { MillraceError } from '../../errors.js'
import { containerPaths, containerPort } from '../../containers/container-paths.js'
import type { ExportTarget } from '../target.js'
import { type DockerfileOptions, dockerfileOptions } from './options.js'

/** The facts about a project that its Dockerfile depends on. */
export interface Project {
  /** From `package.json`. */
  readonly dependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
  /** True when it has a `package-lock.json`, which `npm ci` requires. */
  readonly isLocked: boolean
  /** Folders that its Flow keeps data in, relative to the project, with `/`; they stay out of the image. */
  readonly dataFolders: readonly string[]
}

/**
 * A `Dockerfile` and a `.dockerignore` for a project with Executors. The image can run any of them and gateways; the exports
 * for containers choose.
 */
export const dockerfile: ExportTarget<Project, DockerfileOptions> = {
  options: dockerfileOptions,
  async render(project, { node }) {
    check(project)
    const file = (project.scripts.build === undefined ? plain : built)(node)
    return [
      { path: 'Dockerfile', text: file },
      { path: '.dockerignore', text: ignored(project.dataFolders) },
    ]
  },
}

function check({ dependencies, isLocked }: Project): void {
  if (!Object.hasOwn(dependencies, 'millrace')) {
    throw new MillraceError(
      'INVALID_OPTION',
      "The project does not have 'millrace' among its dependencies, so its image could not run anything. Say: npm install millrace",
    )
  }
  if (isLocked) return
  throw new MillraceError(
    'INVALID_OPTION',
    'The project has no package-lock.json, which makes image builds reproducible. Run: npm install',
  )
}

/** For a project without a build step. */
function plain(node: string): string {
  return `${heading}

FROM ${node} AS dependencies
WORKDIR ${containerPaths.project}
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

${last(node, 'COPY . .')}`
}

/** For a project compiled by \`npm run build\`: build dependencies stay out of the image. */
function built(node: string): string {
  return `${heading}

FROM ${node} AS build
WORKDIR ${containerPaths.project}
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
# its packages are those of the build; the image has those of the next stage
RUN npm run build && rm -rf node_modules

FROM ${node} AS dependencies
WORKDIR ${containerPaths.project}
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

${last(node, `COPY --from=build ${containerPaths.project} ./`)}`
}

const heading = `# Runs the Executors of this project: docker build -t NAME . ; then name the image to millrace export.`

function last(node: string, copy: string): string {
  const { project, workspace } = containerPaths
  return `FROM ${node}
ENV NODE_ENV=production PATH=${project}/node_modules/.bin:$PATH
WORKDIR ${project}
${copy}
COPY --from=dependencies ${project}/node_modules ./node_modules
RUN install -d -o 1000 -g 1000 ${workspace}
# the user "node"; as a number, so that a cluster sees that it is not root
USER 1000:1000
EXPOSE ${containerPort}
# what runs is said by the arguments: a config.yml of an Executor beside package.json, unless something else is named
ENTRYPOINT ["millrace"]
CMD ["executor", "--uses", "config.yml", "--port", "${containerPort}"]
`
}

function ignored(dataFolders: readonly string[]): string {
  return `# what an image does not need, and what it must not have
**/node_modules
**/.git
**/.env*
**/*.log
**/.DS_Store
.dockerignore
**/.millrace
Dockerfile
docker-compose*.yml
${dataFolders.map((folder) => `/${literal(folder)}\n`).join('')}`
}

/** A path as a pattern that matches nothing else. */
const literal = (folder: string): string => folder.replaceAll(/[*?[\]\\]/g, '\\$&')
