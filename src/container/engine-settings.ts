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
