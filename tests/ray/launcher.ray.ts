/** The cluster files that are documented, held against Ray's own schema. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { trainerScript } from '../../src/core/python.ts'
import { pythonHome } from '../../src/core/python-find.ts'
import { rayPython } from './cluster.ts'

const check = `import sys, yaml
from ray.autoscaler._private.util import prepare_config, validate_config
config = prepare_config(yaml.safe_load(open(sys.argv[1])))
validate_config(config)
print(config["max_workers"], len(config["provider"]["worker_ips"]))`

test('Ray’s cluster launcher accepts the file', async () => {
  const requirements = trainerScript('requirements-ray.txt')
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  const python = process.env.WHETSTONE_RAY_PYTHON ?? (await rayPython(pythonHome(), requirements, hash))
  const file = join(import.meta.dirname, '..', '..', 'configs', 'cluster', 'ray-launcher.yaml')
  const { stdout } = await execa(python, ['-c', check, file])
  expect(stdout.trim()).toBe('2 2')
})
