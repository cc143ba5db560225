/** Why these bytes cannot be certificates to trust, without a subject; undefined where they can. */
export function findCaBundleProblem(bytes: Uint8Array): string | undefined {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // It would be copied into the image.
  if (data.includes("PRIVATE KEY-----")) return "holds a private key; only certificates belong there";
  if (!data.includes("-----BEGIN CERTIFICATE-----")) return "holds no certificate in PEM format";
  return undefined;
}
