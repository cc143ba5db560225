/** What lets a run use the model. Never print it: the value never leaves the gateway but towards the provider. */
export interface Credential {
  readonly kind: CredentialKind;
  readonly value: string;
}

export type CredentialKind = "api-key" | "oauth-token";
