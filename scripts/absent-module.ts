/** Stands in the bundle where dockerode would load its ssh and BuildKit clients, which agent-worker never calls. */
export const Client = undefined;
export const loadSync = undefined;
