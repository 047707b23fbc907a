import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../src/core/config.ts'
import { trainerScript } from '../src/core/python-run.ts'
import { requireSupported } from '../src/graph/supported.ts'
import { plugins } from '../src/plugins/index.ts'

const folder = path.join(import.meta.dirname, '..', 'configs')
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8')

test.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))(
  '%s opens with the command that runs it, and can be carried out',
  (name) => {
    const text = read(name)
    expect(text.split('\n')[0]).toContain(`-c configs/${name}`)
    requireSupported(parseConfig(text, path.join(folder, name), { plugins }).config)
  },
)

test('the cluster on Kubernetes runs the Ray that is tested, and serves the address that the config asks', () => {
  const [, version] = /ray\[default\]==(.+)/.exec(readFileSync(trainerScript('requirements-ray.in'), 'utf8'))!
  const { spec } = parse(read('cluster/kuberay.yaml'))
  expect(spec.rayVersion).toBe(version)
  expect(read('cluster/Dockerfile')).toContain(`FROM rayproject/ray:${version}-py311`)
  const [head] = spec.headGroupSpec.template.spec.containers
  const { address } = parse(read('cluster.yaml')).executor.ray
  expect(head.ports.map(({ containerPort }: { containerPort: number }) => String(containerPort))).toContain(
    new URL(address).port,
  )
})
