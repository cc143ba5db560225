/** What decides which engine is used; the config layer reads it from the environment. */
export interface EngineSettings {
  /** DOCKER_HOST. */
  readonly host: string | undefined;
  /** DOCKER_CONTEXT. */
  readonly context: string | undefined;
  /** DOCKER_CONFIG, else `<home>/.docker`. */
  readonly configDirectory: string;
  /** DOCKER_TLS_VERIFY is set and not empty. */
  readonly tlsVerify: boolean;
  /** DOCKER_CERT_PATH. */
  readonly certPath: string | undefined;
  /** XDG_RUNTIME_DIR. */
  readonly runtimeDirectory: string | undefined;
  readonly home: string;
}

/** The parts of a Config that decide. */
interface EngineConfiguration {
  readonly engine: Omit<EngineSettings, "runtimeDirectory" | "home">;
  readonly directories: { readonly runtime: string; readonly home: string };
}

export function buildEngineSettings({ engine, directories }: EngineConfiguration): EngineSettings {
  return { ...engine, runtimeDirectory: directories.runtime, home: directories.home };
}
