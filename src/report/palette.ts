/** Adds a style to a text, or gives it back as it is where colour is not wanted. */
export type Style = (text: string) => string;

/** The styles a renderer may use; made by cli/palette.ts, handed in, so that renderers never decide about colour. */
export interface Palette {
  readonly bold: Style;
  readonly dim: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly blue: Style;
  readonly magenta: Style;
  readonly cyan: Style;
}

const plain: Style = (text) => text;

/** For files, pipes and whoever wants no colour. */
export const plainPalette: Palette = {
  bold: plain,
  dim: plain,
  red: plain,
  green: plain,
  yellow: plain,
  blue: plain,
  magenta: plain,
  cyan: plain,
};
