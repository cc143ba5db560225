import { z } from "zod";
import { WorkerError } from "../core/worker-error.ts";

/** One line of the engine's answer to a build or a pull. */
const imageEventSchema = z.object({
  /** Output of a build: `Step 1/9 : FROM ...`, or what a command printed; may be part of a line. */
  stream: z.string().optional(),
  /** State of a pull, `Pull complete`, of the layer `id`. */
  status: z.string().optional(),
  id: z.string().optional(),
  /** The build or pull failed, though the HTTP answer was 200. */
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).optional(),
  aux: z.object({ ID: z.string().optional() }).optional(),
});
export type ImageEvent = z.infer<typeof imageEventSchema>;

/** Reads the NDJSON answer of a build or a pull. */
export async function* readImageEvents(answer: AsyncIterable<string | Uint8Array>): AsyncGenerator<ImageEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of answer) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield parseImageEvent(line);
  }
  if (rest.trim() !== "") yield parseImageEvent(rest);
}

/** `errorDetail` is what followProgress of docker-modem drops. */
export function readFailure(event: ImageEvent): string | undefined {
  return event.errorDetail?.message ?? event.error;
}

/** A line for people about a pull; undefined for byte counts and the like. */
export function describePull({ status, id }: ImageEvent): string | undefined {
  if (status === undefined || /^(Downloading|Extracting|Waiting|Verifying|Pulling fs layer)/.test(status)) {
    return undefined;
  }
  return id === undefined ? status : `${id}: ${status}`;
}

function parseImageEvent(line: string): ImageEvent {
  try {
    return imageEventSchema.parse(JSON.parse(line));
  } catch (error) {
    throw new WorkerError("ENGINE_FAILED", `The engine answered with something unreadable: ${line.slice(0, 200)}`, {
      hint: "Look at DOCKER_HOST: is that a container engine?",
      cause: error,
    });
  }
}
