/** A loopback vLLM: it serves its base as `base`, and adapters as they are loaded, in the words of vLLM's own answers. */
import { answers, type ScriptedAnswer, type ScriptedOpenAi, startScriptedOpenAi } from './scripted-openai.ts'

export interface ScriptedVllm extends ScriptedOpenAi {
  readonly adapters: ReadonlyMap<string, string> // path by name
  /** As a server that was started anew. */
  forget(): void
}

interface Script {
  answer?(model: string): ScriptedAnswer | Promise<ScriptedAnswer>
  readonly sees?: boolean // false: no adapter lies where the request says
  readonly loads?: boolean // false: started without adapters at run time
}

export const startScriptedVllm = async ({ answer, sees = true, loads = true }: Script = {}): Promise<ScriptedVllm> => {
  const adapters = new Map<string, string>()
  const text = (body: string): ScriptedAnswer => ({ body, headers: { 'content-type': 'text/plain' } })
  const server = await startScriptedOpenAi((request) => {
    const { lora_name: name, lora_path: path } = request as { lora_name?: string; lora_path?: string }
    if (request.path?.endsWith('/load_lora_adapter')) {
      if (!loads) return { status: 404, body: '{"detail":"Not Found"}' }
      if (!sees) return answers.failing(404, `Loading lora ${name} failed: No adapter found for ${path}`)
      if (adapters.has(name!)) return answers.failing(400, `The lora adapter '${name}' has already been loaded.`)
      adapters.set(name!, path!)
      return text(`Success: LoRA adapter '${name}' added successfully.`)
    }
    if (request.path?.endsWith('/unload_lora_adapter')) {
      adapters.delete(name!)
      return text(`Success: LoRA adapter '${name}' removed successfully.`)
    }
    if (request.model !== 'scripted' && !adapters.has(request.model))
      return answers.failing(404, `The model \`${request.model}\` does not exist.`)
    return answer?.(request.model) ?? answers.says(request.model)
  })
  return Object.assign(Object.create(server), { adapters, forget: () => adapters.clear() })
}
