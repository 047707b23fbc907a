import { fileURLToPath } from 'node:url'

/** argv of the trainer without a model, before job.json. */
export const scriptedTrainer = ['python3', fileURLToPath(new URL('scripted-trainer.py', import.meta.url))]
