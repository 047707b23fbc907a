import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { trainersDir } from '../../core/python.ts'
import type { Facts } from '../../graph/publish/facts.ts'

const known =
  'Ollama runs no Jinja, and its template language cannot cut descriptions of tools to their first sentence, as training did: give\n# tools with descriptions of one sentence, or ask llama-server --jinja, which runs the template that is in the GGUF file.'

/**
 * Ollama runs no Jinja: where the student has our chat template, the Modelfile carries its twin in Ollama's own language; a base's own
 * template has none here, and Ollama then goes by what it knows of the architecture.
 */
export const modelfile = async ({ name, template, end, context, served }: Facts): Promise<string> => {
  const own = (await readFile(path.join(trainersDir, 'chat_template.jinja'), 'utf8')) === template
  return [
    `# ollama create ${name} -f Modelfile`,
    `FROM ./${name}-${served}.gguf`,
    ...(own
      ? [`# ${known}`, `TEMPLATE """${ours}"""`]
      : [
          '# The chat template of this base is in the GGUF file, in Jinja. Ollama has to know it by itself; llama-server --jinja always does.',
        ]),
    ...(end ? [`PARAMETER stop "${end}"`] : []),
    'PARAMETER temperature 0',
    `PARAMETER num_ctx ${context}`,
    '',
  ].join('\n')
}

/** trainers/chat_template.jinja in Go's text/template. Parameters come in the order in which Ollama hands them over. */
const ours = `{{- if or .System .Tools }}<|im_start|>system
{{ if .System }}{{ .System }}{{ if .Tools }}
{{ end }}{{ end }}{{ if .Tools }}Tools:
{{ range .Tools }}{{ .Function.Name }}({{ $required := .Function.Parameters.Required }}{{ $comma := "" }}{{ range $name, $field := .Function.Parameters.Properties }}{{ $comma }}{{ $comma = ", " }}{{ $name }}{{ $mark := "?" }}{{ range $required }}{{ if eq . $name }}{{ $mark = "" }}{{ end }}{{ end }}{{ $mark }}: {{ $type := $field.Type.String }}{{ if $field.Enum }}{{ $bar := "" }}{{ range $field.Enum }}{{ $bar }}{{ $bar = "|" }}{{ . }}{{ end }}{{ else if eq $type "string" }}str{{ else if eq $type "integer" }}int{{ else if eq $type "number" }}num{{ else if eq $type "boolean" }}bool{{ else if $type }}{{ $type }}{{ else }}any{{ end }}{{ end }}){{ if .Function.Description }} {{ .Function.Description }}{{ end }}
{{ end }}Call <tool_call>{"name", "arguments"}</tool_call>, ask for a missing value, or say no tool fits.{{ end }}<|im_end|>
{{ end }}
{{- $before := "" }}{{ range $i, $message := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 }}
{{- if eq .Role "tool" }}{{ if ne $before "tool" }}<|im_start|>user{{ end }}
<tool_response>
{{ .Content }}
</tool_response>{{ $next := "" }}{{ if not $last }}{{ $next = (index (slice $.Messages $i) 1).Role }}{{ end }}{{ if ne $next "tool" }}<|im_end|>
{{ end }}
{{- else if ne .Role "system" }}<|im_start|>{{ .Role }}
{{ .Content }}{{ range $n, $call := .ToolCalls }}{{ if or $message.Content $n }}
{{ end }}<tool_call>
{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
</tool_call>{{ end }}<|im_end|>
{{ end }}
{{- $before = .Role }}
{{- if and $last (ne .Role "assistant") }}<|im_start|>assistant
{{ end }}{{ end }}`
