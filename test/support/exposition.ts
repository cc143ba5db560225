/** The families of an exposition, by name: type, help, and each sample as `name{labels}` with its value. */
export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: ReadonlyMap<string, number>;
}

export function readExposition(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  let last = { type: "", help: "", samples: new Map<string, number>() };
  for (const line of text.split("\n")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === "HELP") {
      last = { type: "", help: rest, samples: new Map() };
      families.set(name, last);
    } else if (kind === "TYPE") {
      last.type = rest;
    } else if (line !== "") {
      const space = line.lastIndexOf(" ");
      last.samples.set(line.slice(0, space), Number(line.slice(space + 1)));
    }
  }
  return families;
}
