import path from 'node:path'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  logLevel: 'warn',
  build: {
    outDir: path.join(import.meta.dirname, '../../../dist/web/app'),
    emptyOutDir: true,
    reportCompressedSize: false,
  },
})
