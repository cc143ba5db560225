export interface ContextFile {
  /** At most 100 bytes, ASCII. */
  readonly name: string;
  readonly data: Uint8Array;
}

const blockSize = 512;

/**
 * A tar archive (POSIX ustar) in memory. Times and owners are fixed, so that the same files always give the same bytes
 * and the engine's build cache is hit.
 */
export function buildContext(files: readonly ContextFile[]): Buffer {
  const blocks = files.flatMap(({ name, data }) => [
    buildHeader(name, data.length),
    data,
    Buffer.alloc((blockSize - (data.length % blockSize)) % blockSize),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]);
}

function buildHeader(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(blockSize);
  header.write(name, 0, 100, "ascii");
  header.write(toOctal(0o644, 7), 100, "ascii");
  header.write(toOctal(0, 7), 108, "ascii");
  header.write(toOctal(0, 7), 116, "ascii");
  header.write(toOctal(sizeBytes, 11), 124, "ascii");
  header.write(toOctal(0, 11), 136, "ascii");
  // The checksum is taken with its own field full of spaces.
  header.write(" ".repeat(8), 148, "ascii");
  header.write("0", 156, "ascii");
  header.write("ustar\x0000", 257, "ascii");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "ascii");
  return header;
}

function toOctal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}
